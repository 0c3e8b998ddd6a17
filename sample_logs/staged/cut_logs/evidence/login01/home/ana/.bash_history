#1795624293
mkdir -p ~/.ssh && echo ok
#1795624294
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795624297
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795624297
exit
#1795624298
cd /srv/range/proj/llm && sbatch train.sh
#1795624304
squeue
#1795624305
exit
