#1795768915
cd /srv/range/proj/llm && echo notes > NOTES && git add NOTES && git commit -qm 'add notes'; echo done
#1795768924
exit
