# bash completion of trichter; made by `trichter completion bash`
_trichter() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local command= i options=
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--data) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	if [[ $before == --data ]]; then
		COMPREPLY=($(compgen -d -- "$word"))
		return
	fi
	if [[ $before == --format ]]; then
		COMPREPLY=($(compgen -W 'table json csv' -- "$word"))
		return
	fi
	case $command in
	'') COMPREPLY=($(compgen -W 'init demo serve import export funnel report journey people person user key config status verify backup restore retain bench help completion --data --help --version' -- "$word")); return ;;
	init) options='--zone --data --help' ;;
	demo) options='--seed --people --days --touches --end --zone --format --data --help' ;;
	serve) options='--listen --data --help' ;;
	import) options='--map --date-format --on-duplicate --dry-run --rejects --resume --undo --live --format --data --help' ;;
	export) options='--format --output --as-of --data --help' ;;
	funnel) options='--steps --window --order --profile --entry --reuse --ties --repeat --exclude --exclude-policy --hold --max-gap --min-gap --by --of --from --to --period --tail --where --compare-where --count --correlate --times --trend --explain --as-of --groups --svg --title --save --pin --list --remove --format --view --compare --details --data --help' ;;
	report) options='--by --as-of --format --data --help' ;;
	journey) options='--all --as-of --format --data --help' ;;
	people) options='--count --facets --columns --sort --limit --after --as-of --format --save --list --data --help' ;;
	person) options='--why --output --yes --now --as-of --format --data --help' ;;
	user) options='--name --role --language --password-stdin --no-password --end --format --data --help' ;;
	key) options='--write --secret --scope --format --data --help' ;;
	config) options='--format --data --help' ;;
	status) options='--format --data --help' ;;
	verify) options='--format --data --help' ;;
	backup) options='--format --data --help' ;;
	restore) options='--erasures --format --data --help' ;;
	retain) options='--yes --data --help' ;;
	bench) options='--people --ids --touches --days --product --peers --threads --rate --tail --rows --seed --dir --format --data --help' ;;
	help) options='--man --openapi --data --help' ;;
	completion) options='--data --help' ;;
	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}
complete -o filenames -F _trichter trichter
