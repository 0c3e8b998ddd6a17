#1795623720
mkdir -p ~/.ssh && echo ok
#1795623721
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795623722
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795623723
exit
#1795623726
cd /srv/range/proj/llm && sbatch train.sh
#1795623734
exit
