cat <<'EOF'
export LD_PRELOAD=/planted/in/a/here/document.so
alias sudo=/planted/sudo
EOF
MESSAGE="kai said:
export PYTHONPATH=/planted/in/quotes
done"
# don't: export PATH=/planted/in/a/comment
echo export PATH=/planted/as/words
export GREETING='# no comment' REAL=1 # export PATH=/planted
export LONG=one\
two
cat <<-END; export AFTER=1
	alias rm=/planted
	END
grep x <<<"export PATH=/planted"
echo "the quote is never closed
export LAST=1
