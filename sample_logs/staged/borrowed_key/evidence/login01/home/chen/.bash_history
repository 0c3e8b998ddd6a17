#1795623073
ls -la ~
#1795623073
nvidia-smi || true
#1795623074
cd /srv/range/proj; rm -f ckpt/step1.pt
#1795623075
sed -i 's/0.5/9.5/' llm/train.py
#1795623083
exit
#1795623072
ls -la ~
#1795623072
nvidia-smi || true
#1795623073
squeue
#1795623076
ls
#1795623084
exit
