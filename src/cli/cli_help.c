/*
 * cli_help.c - help, manual page and shell completion, all from the table of commands.
 *
 * Promises:     what the program understands and what is written about it cannot differ.
 * Threads:      any.
 */
#include "cli/cli_int.h"

#include "server/server.h"

#include <string.h>

#define HELP_COLUMN 26
#define HELP_WIDTH  80

static const char intro[] =
	"One funnel from the first touch to the customer: what happened, with whom, and how far "
	"they came.";

static const struct option options_help[] = {
	{ "man", NULL, "the whole manual page, in troff", false },
	{ "openapi", NULL, "the server's API as an OpenAPI document", false },
	OPTIONS_END,
};
static const struct example examples_help[] = {
	{ "help funnel", "what the funnel command understands" },
	EXAMPLES_END,
};
static enum cli_status help_run(struct cli *c, const struct args *a);
const struct command command_help = {
	.name = "help",
	.words = "[COMMAND]",
	.summary = "what the commands do, with examples",
	.about = "Without a command: a list of all.",
	.options = options_help,
	.examples = examples_help,
	.words_max = 1,
	.run = help_run,
};

static const struct example examples_completion[] = {
	{ "completion bash > /etc/bash_completion.d/trichter", "for all users" },
	EXAMPLES_END,
};
static enum cli_status completion_run(struct cli *c, const struct args *a);
const struct command command_completion = {
	.name = "completion",
	.words = "bash",
	.summary = "completion of commands and options for the shell",
	.about = "Prints a script for bash. `make install` puts it where bash looks for it.",
	.examples = examples_completion,
	.words_min = 1,
	.words_max = 1,
	.run = completion_run,
};

static void put_wrapped(struct buf *b, size_t indent, const char *text)
{
	text_put_wrapped(b, indent, indent, HELP_WIDTH, str_of(text));
}

static void put_entry(struct buf *b, str head, const char *text)
{
	buf_printf(b, "  %.*s", STR_ARG(head));
	size_t column = head.n + 2;
	if (column + 2 > HELP_COLUMN) {
		buf_byte(b, '\n');
		column = 0;
	}
	for (; column < HELP_COLUMN; column++)
		buf_byte(b, ' ');
	put_wrapped(b, HELP_COLUMN, text);
}

static void put_options(struct buf *b, const struct option *options)
{
	for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
		struct buf head;
		buf_init(&head, KIB);
		buf_printf(&head, "--%s%s%s", o->name, o->value != NULL ? " " : "",
			   o->value != NULL ? o->value : "");
		put_entry(b, buf_view(&head), o->help);
		buf_fini(&head);
	}
}

void help_all(struct buf *b)
{
	buf_cstr(b, "Usage: trichter [--data DIR] COMMAND ...\n\n");
	put_wrapped(b, 0, intro);
	buf_cstr(b, "\nCommands:\n");
	for (size_t i = 0; command_at(i) != NULL; i++)
		put_entry(b, str_of(command_at(i)->name), command_at(i)->summary);
	buf_cstr(b, "\nOptions of all commands:\n");
	put_options(b, options_common);
	put_entry(b, S("--version"), "which version this is (before the command)");
	buf_cstr(b, "\nExit status: 0 done, 1 the answer is negative, 2 bad use, 3 failed.\n"
		    "trichter help COMMAND shows its options, with examples.\n");
}

/* Paragraphs are separated by empty lines; a line that begins with a blank stays as it is. */
static void put_about(struct buf *b, const char *about)
{
	for (str rest = str_of(about), line; str_next(&rest, '\n', &line);) {
		char text[2048];
		size_t n = MIN(line.n, sizeof text - 1);
		memcpy(text, line.p, n);
		text[n] = '\0';
		if (n == 0 || text[0] == ' ')
			buf_printf(b, "%s\n", text);
		else
			put_wrapped(b, 0, text);
	}
}

void help_command(const struct command *c, struct buf *b)
{
	buf_printf(b, "Usage: trichter %s%s%s%s\n\n", c->name,
		   c->options != NULL ? " [OPTION...]" : "", c->words[0] != '\0' ? " " : "",
		   c->words);
	put_about(b, c->about);
	if (c->options != NULL) {
		buf_cstr(b, "\nOptions:\n");
		put_options(b, c->options);
	}
	buf_cstr(b, "\nOptions of all commands:\n");
	put_options(b, options_common);
	buf_cstr(b, c->examples[1].line != NULL ? "\nExamples:\n" : "\nExample:\n");
	for (const struct example *x = c->examples; x->line != NULL; x++) {
		buf_printf(b, "  trichter %s\n", x->line);
		buf_cstr(b, "      ");
		put_wrapped(b, 6, x->does);
	}
}

/* troff: dashes that are meant as such, no line that begins with a dot. */
static void put_troff(struct buf *b, const char *text)
{
	bool line_begins = true;
	for (const char *p = text; *p != '\0'; p++) {
		if (line_begins && (*p == '.' || *p == '\''))
			buf_cstr(b, "\\&");
		line_begins = *p == '\n';
		if (*p == '\\')
			buf_cstr(b, "\\e");
		else if (*p == '-')
			buf_cstr(b, "\\-");
		else
			buf_byte(b, (uint8_t)*p);
	}
}

static void man_options(struct buf *b, const struct option *options)
{
	for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
		buf_cstr(b, ".TP\n\\fB\\-\\-");
		put_troff(b, o->name);
		buf_cstr(b, "\\fR");
		if (o->value != NULL) {
			buf_cstr(b, " \\fI");
			put_troff(b, o->value);
			buf_cstr(b, "\\fR");
		}
		buf_byte(b, '\n');
		put_troff(b, o->help);
		buf_byte(b, '\n');
	}
}

static void man_about(struct buf *b, const char *about)
{
	bool verbatim = false;
	for (str rest = str_of(about), line; str_next(&rest, '\n', &line);) {
		char text[2048];
		size_t n = MIN(line.n, sizeof text - 1);
		memcpy(text, line.p, n);
		text[n] = '\0';
		bool is_verbatim = n > 0 && text[0] == ' ';
		if (is_verbatim != verbatim)
			buf_cstr(b, is_verbatim ? ".nf\n" : ".fi\n");
		verbatim = is_verbatim;
		if (n == 0) {
			buf_cstr(b, ".PP\n");
		} else {
			put_troff(b, text);
			buf_byte(b, '\n');
		}
	}
	if (verbatim)
		buf_cstr(b, ".fi\n");
}

static void man_command(struct buf *b, const struct command *c)
{
	buf_cstr(b, ".SS trichter ");
	put_troff(b, c->name);
	buf_cstr(b, c->options != NULL ? " [OPTION...] " : " ");
	put_troff(b, c->words);
	buf_byte(b, '\n');
	man_about(b, c->about);
	man_options(b, c->options);
	for (const struct example *x = c->examples; x->line != NULL; x++) {
		buf_cstr(b, ".PP\n.nf\n    trichter ");
		put_troff(b, x->line);
		buf_cstr(b, "\n.fi\n");
		put_troff(b, x->does);
		buf_byte(b, '\n');
	}
}

void help_man(struct buf *b)
{
	buf_cstr(b, ".TH TRICHTER 1 \"\" \"trichter\" \"User Commands\"\n"
		    ".SH NAME\ntrichter \\- one funnel from the first touch to the customer\n"
		    ".SH SYNOPSIS\n.B trichter\n[\\fB\\-\\-data\\fR \\fIDIR\\fR]\n"
		    "\\fICOMMAND\\fR ...\n.SH DESCRIPTION\n");
	put_troff(b, intro);
	buf_cstr(b, "\nResults go to standard output, everything else to standard error.\n"
		    "Options of all commands:\n");
	man_options(b, options_common);
	buf_cstr(b, ".SH COMMANDS\n");
	for (size_t i = 0; command_at(i) != NULL; i++)
		man_command(b, command_at(i));
	buf_cstr(b, ".SH EXIT STATUS\n0 done; 1 the answer is negative (nothing found, verify "
		    "differs); 2 bad use; 3 failed.\n.SH ENVIRONMENT\n"
		    ".TP\nTRICHTER_DATA\nthe data directory\n"
		    ".TP\nTRICHTER_ZONE, TRICHTER_MEMORY_MAX\ngo before the settings file\n"
		    ".TP\nNO_COLOR\nno colours when set\n"
		    ".SH FILES\n.TP\nDIR/trichter.yaml\nsettings\n"
		    ".TP\nDIR/ledger.db\nthe journal and what is derived from it\n");
}

void help_completion(struct buf *b)
{
	buf_cstr(b, "# bash completion of trichter; made by `trichter completion bash`\n"
		    "_trichter() {\n"
		    "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
		    "\tlocal command= i options=\n"
		    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		    "\t\tcase ${COMP_WORDS[i]} in\n"
		    "\t\t--data) ((i++)) ;;\n"
		    "\t\t-*) ;;\n"
		    "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
		    "\t\tesac\n"
		    "\tdone\n"
		    "\tif [[ $before == --data ]]; then\n"
		    "\t\tCOMPREPLY=($(compgen -d -- \"$word\"))\n"
		    "\t\treturn\n"
		    "\tfi\n"
		    "\tif [[ $before == --format ]]; then\n"
		    "\t\tCOMPREPLY=($(compgen -W 'table json csv' -- \"$word\"))\n"
		    "\t\treturn\n"
		    "\tfi\n"
		    "\tcase $command in\n"
		    "\t'') COMPREPLY=($(compgen -W '");
	for (size_t i = 0; command_at(i) != NULL; i++)
		buf_printf(b, "%s ", command_at(i)->name);
	buf_cstr(b, "--data --help --version' -- \"$word\")); return ;;\n");
	for (size_t i = 0; command_at(i) != NULL; i++) {
		buf_printf(b, "\t%s) options='", command_at(i)->name);
		for (const struct option *o = command_at(i)->options; o != NULL && o->name != NULL;
		     o++)
			buf_printf(b, "--%s ", o->name);
		buf_cstr(b, "--data --help' ;;\n");
	}
	buf_cstr(b, "\tesac\n"
		    "\tif [[ $word == -* ]]; then\n"
		    "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
		    "\telse\n"
		    "\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
		    "\tfi\n"
		    "}\n"
		    "complete -o filenames -F _trichter trichter\n");
}

static enum cli_status help_run(struct cli *c, const struct args *a)
{
	err e = { 0 };
	if (args_on(a, "man")) {
		help_man(&c->out);
		return CLI_DONE;
	}
	if (args_on(a, "openapi"))
		return server_openapi(&c->out, &e) ? CLI_DONE : cli_fail(&e);
	if (a->words_n == 0) {
		help_all(&c->out);
		return CLI_DONE;
	}
	const struct command *command = command_find(str_of(a->words[0]));
	if (command == NULL) {
		err_set(&e, ERR_INVALID, "there is no command \"%s\"", a->words[0]);
		return cli_usage(a, &e);
	}
	help_command(command, &c->out);
	return CLI_DONE;
}

static enum cli_status completion_run(struct cli *c, const struct args *a)
{
	err e = { 0 };
	if (strcmp(a->words[0], "bash") != 0) {
		err_set(&e, ERR_INVALID, "there is completion for bash, not for \"%s\"",
			a->words[0]);
		return cli_usage(a, &e);
	}
	help_completion(&c->out);
	return CLI_DONE;
}
