#1795768909
mkdir -p ~/.ssh && echo ok
#1795768910
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795768912
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795768912
exit
#1795768917
cd /srv/range/proj/llm && sbatch train.sh
#1795768923
scancel 22
#1795768925
exit
