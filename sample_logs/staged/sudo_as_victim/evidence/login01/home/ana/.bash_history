#1795623090
mkdir -p ~/.ssh && echo ok
#1795623090
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795623092
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795623092
exit
#1795623093
cd /srv/range/proj/llm && sbatch train.sh
#1795623100
squeue
#1795623101
exit
