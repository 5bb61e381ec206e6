# talk.sh SCENARIO [FLAG …]: says the lines of the scenario in a chat, whose
# replies go to the file out. "< TEXT" waits until TEXT is there, "$ COMMAND"
# runs a command; both end the chat where they fail. RUN is the
# latest run, or the one in the file run.
scenario=$1
shift
: > out
latest() { if [ -s run ]; then cat run; else grep -o 'r-[a-z2-7]\{10\}' out | tail -n 1; fi; }
{
	while IFS= read -r line; do
		case "$line" in
		"< "*)
			i=0
			until grep -qF -- "${line#< }" out; do
				i=$((i + 1))
				if [ $i -gt 600 ]; then
					echo "never said: ${line#< }" >&2
					exit 1
				fi
				sleep 0.1
			done
			;;
		'$ '*)
			sh -c "$(printf '%s' "${line#??}" | sed "s/RUN/$(latest)/g")" >> said 2>&1 || exit 1
			;;
		"") ;;
		*)
			# ana: I am one of engineering, dan and fay of sre, eve of none.
			who=${line%%> *}
			text=$(printf '%s' "${line#*> }" | sed "s/RUN/$(latest)/g")
			case $who in
			dan | fay) groups='"sre"' ;;
			eve) groups='' ;;
			*) groups='"engineering"' ;;
			esac
			n=$(wc -l < out)
			printf '{"text":"%s","as":"%s","groups":[%s]}\n' "$text" "$who" "$groups"
			# one line after the other, each with its answer
			i=0
			until [ "$(wc -l < out)" -gt "$n" ] || [ $i -gt 600 ]; do
				i=$((i + 1))
				sleep 0.05
			done
			;;
		esac
	done < "$scenario"
} | bot chat --json --config frontdoor.yaml "$@" > out
