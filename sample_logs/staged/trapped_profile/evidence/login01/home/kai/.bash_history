#1795768894
echo 'rm -f /srv/range/proj/ckpt/step100.pt' | sudo tee -a /home/lin/.bash_profile >/dev/null
#1795768895
exit
