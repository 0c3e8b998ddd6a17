#1795768888
mkdir -p ~/.ssh && echo ok
#1795768889
cd /srv/range/proj/llm && umask 002 && git init -q -b main . && cp /srv/range/train.sh /srv/range/train.py . && git add . && git commit -qm 'Pretraining loop' && git remote add origin gitserver:llm && git push -q origin main; echo pushed
#1795768891
git config core.sharedRepository group; chmod -R g+w .; chmod +x train.sh
#1795768891
exit
#1795768892
cd /srv/range/proj && umask 002; dd if=/dev/zero of=ckpt/step100.pt bs=1k count=9 2>/dev/null; sed -i 's/time.sleep(0.5)/open("..\/ckpt\/step100.pt").close(); time.sleep(0.5)/' llm/train.py
#1795768893
cd /srv/range/proj/llm && sbatch train.sh
#1795768901
exit
