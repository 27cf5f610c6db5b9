/*
 * cli.c - from the words that were typed to the command that does it.
 *
 * What it is:   finds the command, reads its options and the settings, runs it, writes what it has
 *               to say. What commands have in common stands here too.
 * Promises:     the result is written whole or the exit status says failed; an interrupt sets a
 * flag that long work looks at, a second one ends the process. Threads:      the program's first.
 */
#include "cli/cli.h"

#include "base/num.h"
#include "base/time.h"
#include "cli/cli_int.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATA_DEFAULT	"data"
#define OUT_BYTES_MAX	GIB
#define OUT_FLUSH_BYTES (256 * KIB)
#define ARGS_ARENA_MAX	(64 * MIB)
#define STAGES_MAX	64

const struct option options_common[] = {
	{ "data", "DIR", "the data directory (TRICHTER_DATA; else ./" DATA_DEFAULT ")", false },
	{ "help", NULL, "what this command does, with examples", false },
	OPTIONS_END,
};

static volatile bool stop_flag;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	stop_flag = true;
}

const volatile bool *cli_stop_flag(void)
{
	struct sigaction action = { .sa_handler = on_interrupt,
				    .sa_flags = (int)SA_RESETHAND | SA_RESTART };
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return &stop_flag;
}

void cli_note(const char *fmt, ...)
{
	struct buf b;
	char text[2048];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	buf_init(&b, sizeof text * 4);
	/* Lines of the note stay lines; other control characters do not reach the terminal. */
	for (str rest = str_of(text), line; str_next(&rest, '\n', &line);) {
		text_put_clean(&b, line);
		buf_byte(&b, '\n');
	}
	fwrite(b.p, 1, b.n, stderr);
	buf_fini(&b);
}

enum cli_status cli_fail(const err *e)
{
	cli_note("trichter: %s", e->text);
	return CLI_FAILED;
}

enum cli_status cli_usage(const struct args *a, const err *e)
{
	cli_note("trichter %s: %s\ntrichter help %s shows what can be said.", a->command->name,
		 e->text, a->command->name);
	return CLI_USAGE;
}

bool cli_flush(struct cli *c, err *e)
{
	if (!buf_ok(&c->out, e))
		return false;
	size_t done = 0;
	while (done < c->out.n) {
		ssize_t n = write(STDOUT_FILENO, c->out.p + done, c->out.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(e, ERR_IO, errno, "cannot write the result");
		done += (size_t)n;
	}
	buf_clear(&c->out);
	return true;
}

bool cli_flush_some(struct cli *c, err *e)
{
	return c->out.n < OUT_FLUSH_BYTES || cli_flush(c, e);
}

/* "--as-of 2026-01-31" is all that was known when that day ended; a number is the journal's own. */
static bool as_of_parse(struct cli *c, const char *text, uint64_t *seq_r, err *e)
{
	int64_t days = 0;
	int64_t at_us = 0;
	struct snapshot *s = NULL;
	err ignored;
	if (num_parse_u64(str_of(text), seq_r))
		return *seq_r > 0 ||
		       err_set(e, ERR_INVALID, "--as-of: touches are numbered from 1");
	if (time_parse_date(str_of(text), &days, &ignored))
		at_us = time_local_midnight(days + 1) - 1;
	else if (!time_parse(str_of(text), &at_us, e))
		return err_prefix(e, "--as-of");
	if (!snapshot_open(c->data, 0, &s, e))
		return false;
	bool ok = snapshot_seq_at(s, at_us, seq_r, e);
	snapshot_close(&s);
	if (ok && *seq_r == 0)
		return err_set(e, ERR_NOT_FOUND, "--as-of %s: nothing was known yet", text);
	return ok;
}

bool cli_snapshot(struct cli *c, const struct args *a, struct snapshot **s_r, err *e)
{
	uint64_t as_of = 0;
	const char *text = args_text(a, "as-of");
	if (text != NULL && !as_of_parse(c, text, &as_of, e))
		return false;
	if (!snapshot_open(c->data, as_of, s_r, e))
		return false;
	if (as_of > 0 && snapshot_seq(*s_r) < as_of) {
		err_set(e, ERR_INVALID, "--as-of %llu: the journal ends at %llu",
			(unsigned long long)as_of, (unsigned long long)snapshot_seq(*s_r));
		snapshot_close(s_r);
		return false;
	}
	return true;
}

bool cli_person(struct cli *c, struct snapshot *s, const char *word, uint64_t *subject_r,
		bool *found_r, err *e)
{
	struct people *p = snapshot_people(s);
	struct subject_view view;
	*found_r = people_find(p, ENTITY_PERSON, str_of(word), subject_r);
	if (*found_r) {
		if (!people_view(p, *subject_r, &c->arena, &view, e))
			return false;
		*found_r = view.visible;
	}
	if (!*found_r)
		cli_note("trichter: nobody has the e-mail address, id or number \"%s\"", word);
	return true;
}

bool cli_stages(struct cli *c, struct snapshot *s, str **stages_r, size_t *n_r, err *e)
{
	str text;
	if (!snapshot_config(s, S("stages"), &c->arena, &text, e))
		return false;
	if (text.n == 0)
		text = S(STAGES_DEFAULT);
	str *stages = ARENA_ARRAY(&c->arena, str, STAGES_MAX);
	size_t n = 0;
	if (stages == NULL)
		return arena_err(&c->arena, e);
	for (str part; str_next(&text, ',', &part);) {
		part = str_trim(part);
		if (part.n > 0 && n < STAGES_MAX)
			stages[n++] = part;
	}
	*stages_r = stages;
	*n_r = n;
	return true;
}

str cli_by(struct cli *c)
{
	const char *login = getenv("SUDO_USER");
	if (login == NULL || login[0] == '\0')
		login = getenv("USER");
	if (login == NULL || login[0] == '\0')
		login = getenv("LOGNAME");
	str by = login != NULL && login[0] != '\0'
			 ? str_printf(&c->arena, "cli:%s", login)
			 : str_printf(&c->arena, "cli:%u", (unsigned)getuid());
	return by.p != NULL ? by : S("cli");
}

static bool words_check(const struct args *a, err *e)
{
	const struct command *command = a->command;
	if (a->words_n < command->words_min)
		return err_set(e, ERR_INVALID, "something is missing: trichter %s %s",
			       command->name, command->words);
	if (a->words_n > command->words_max)
		return err_set(e, ERR_INVALID, "\"%s\" is one word too many: trichter %s %s",
			       a->words[command->words_max], command->name, command->words);
	return true;
}

/* The settings file may be wrong for those that show or mend it. */
static bool needs_settings(const struct command *command)
{
	return command != &command_config && command != &command_help &&
	       command != &command_completion;
}

static enum cli_status command_run(struct cli *c, const struct command *command, char **argv,
				   size_t argc, struct arena *typed)
{
	struct args a = { .command = command };
	err e = { 0 };
	if (!args_parse(command, argc > 0 ? argv : NULL, argc, typed, &a, &e))
		return cli_usage(&a, &e);
	if (args_on(&a, "help")) {
		help_command(command, &c->out);
		return cli_flush(c, &e) ? CLI_DONE : cli_fail(&e);
	}
	if (!words_check(&a, &e))
		return cli_usage(&a, &e);
	if (args_text(&a, "data") != NULL)
		c->data = args_text(&a, "data");
	if (c->data[0] == '\0') {
		err_set(&e, ERR_INVALID, "the name of the data directory is empty");
		return cli_usage(&a, &e);
	}
	settings_init(&c->settings);
	if (!settings_read(&c->settings, c->data, typed, &e) && needs_settings(command))
		return cli_fail(&e);
	arena_init(&c->arena, c->settings.memory_max);
	enum cli_status status = command->run(c, &a);
	if (!cli_flush(c, &e))
		status = cli_fail(&e);
	arena_fini(&c->arena);
	return status;
}

static enum cli_status command_unknown(const char *word)
{
	struct nearest near = { .typed = str_of(word) };
	char hint[128];
	for (size_t i = 0; command_at(i) != NULL; i++)
		nearest_try(&near, command_at(i)->name);
	cli_note("trichter: there is no command \"%s\".%.*s\ntrichter help lists them.", word,
		 STR_ARG(nearest_text(&near, hint)));
	return CLI_USAGE;
}

/* Options before the command: --data DIR, --data=DIR, --help, --version. `*i` ends on the command.
 */
static bool global_options(struct cli *c, int argc, char **argv, int *i, err *e)
{
	for (; *i < argc && argv[*i][0] == '-'; *i += 1) {
		str word = str_of(argv[*i]);
		if (str_starts(word, S("--data="))) {
			c->data = argv[*i] + sizeof "--data=" - 1;
		} else if (str_eq(word, S("--data")) && *i + 1 < argc) {
			*i += 1;
			c->data = argv[*i];
		} else if (str_eq(word, S("--help")) || str_eq(word, S("-h"))) {
			help_all(&c->out);
			*i = argc;
			return true;
		} else if (str_eq(word, S("--version"))) {
			buf_cstr(&c->out, "trichter " TRICHTER_VERSION "\n");
			*i = argc;
			return true;
		} else if (str_eq(word, S("--data"))) {
			return err_set(e, ERR_INVALID, "--data needs a directory");
		} else {
			return err_set(e, ERR_INVALID,
				       "%s stands before the command, where only --data DIR, "
				       "--help and --version may stand",
				       argv[*i]);
		}
	}
	return true;
}

static enum cli_status cli_run(struct cli *c, int argc, char **argv, struct arena *typed)
{
	err e = { 0 };
	int i = 1;
	if (!global_options(c, argc, argv, &i, &e)) {
		cli_note("trichter: %s", e.text);
		return CLI_USAGE;
	}
	if (c->out.n > 0)
		return cli_flush(c, &e) ? CLI_DONE : cli_fail(&e);
	if (i >= argc) {
		cli_note("trichter: which command? trichter help lists them.");
		return CLI_USAGE;
	}
	const struct command *command = command_find(str_of(argv[i]));
	if (command == NULL)
		return command_unknown(argv[i]);
	return command_run(c, command, argv + i + 1, (size_t)(argc - i - 1), typed);
}

int cli_main(int argc, char **argv)
{
	struct cli c = { .data = getenv("TRICHTER_DATA") };
	struct arena typed;
	if (c.data == NULL || c.data[0] == '\0')
		c.data = DATA_DEFAULT;
	buf_init(&c.out, OUT_BYTES_MAX);
	arena_init(&typed, ARGS_ARENA_MAX);
	terminal_look(&c.term, STDOUT_FILENO);
	enum cli_status status = cli_run(&c, argc, argv, &typed);
	arena_fini(&typed);
	buf_fini(&c.out);
	return (int)status;
}
