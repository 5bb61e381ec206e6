# show.sh FILE: the texts and buttons of the replies, ids and times as words, in
# the order of the lines that they answer: what a run reports and what somebody
# is answered meanwhile come on two ways, each in its own order.
sed -E -e 's/^\{"reply_to":([0-9]+|null),"text":"(([^"\\]|\\.)*)","buttons":\[([^]]*)\].*/\1 \2 \4/' \
	-e 's/\{"id":"[^"]*","label":"([^"]*)"\},?/[\1]/g' \
	-e 's/r-[a-z2-7]{10}/RUN/g' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{5} UTC/WHEN/g' -e 's/[0-9]{2}:[0-9]{2} UTC/HH:MM/g' \
	-e 's/ +$//' "$1" | LC_ALL=C sort -s -n -k 1,1 | sed -E 's/^([0-9]+|null) //'
