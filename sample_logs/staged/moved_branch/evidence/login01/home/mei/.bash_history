#1795772290
mkdir -p ~/.ssh && echo ok
#1795772291
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795772292
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795772293
exit
#1795772298
cd /srv/range/proj/llm && git pull -q origin main; git log --oneline | head -2
#1795772300
cd /srv/range/proj/llm && sbatch train.sh
#1795772306
scancel 24
#1795772307
exit
