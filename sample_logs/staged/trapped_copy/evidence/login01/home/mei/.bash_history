#1795779625
mkdir -p ~/.ssh && echo ok
#1795779626
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795779628
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795779629
exit
#1795779633
cd /srv/range/proj/llm && sbatch train.sh
#1795779640
scancel 29
#1795779641
exit
