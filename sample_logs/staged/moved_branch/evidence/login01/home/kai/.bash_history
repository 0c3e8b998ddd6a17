#1795772293
git clone -q -b main gitserver:llm ~/llm && cd ~/llm && sed -i 's/0.5/9.5/' train.py && git commit -qam 'try slow steps' && git push -q origin HEAD:refs/heads/kai-try; echo done
#1795772296
ls -la ~
#1795772296
squeue
#1795772307
exit
