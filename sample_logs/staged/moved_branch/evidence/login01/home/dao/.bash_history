#1795772296
sudo -u git sh -c 'cd ~git/repositories/llm.git && git update-ref refs/heads/main refs/heads/kai-try'; echo
#1795772307
exit
