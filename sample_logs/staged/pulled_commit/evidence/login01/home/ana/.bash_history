#1795624153
mkdir -p ~/.ssh && echo ok
#1795624154
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795624156
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795624157
exit
#1795624162
cd /srv/range/proj/llm && git pull -q origin main; echo pulled
#1795624165
cd /srv/range/proj/llm && sbatch train.sh
#1795624171
exit
