#1795779731
mkdir -p ~/.ssh && echo ok
#1795779732
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795779734
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795779735
exit
#1795779738
cd /srv/range/proj/llm && sbatch train.sh
#1795779744
scancel 33
#1795779746
exit
