#1795623067
mkdir -p ~/.ssh && echo ok
#1795623068
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795623069
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795623070
exit
#1795623070
cd /srv/range/proj/llm; echo w > ../ckpt/step1.pt; chmod 664 ../ckpt/step1.pt
#1795623071
cd /srv/range/proj/llm && sbatch train.sh
#1795623076
scancel 1
#1795623077
cd /srv/range/proj/llm && sbatch train.sh
#1795623082
scancel 2
#1795623084
exit
