/*
 * cli_args.c - words and options, as GNU programs read them.
 *
 * What it is:   "--opt value", "--opt=value", "--" for words that begin with a dash.
 * Promises:     an option that the command does not know is an error with the nearest one that it
 *               does, never ignored; so is an option given twice that takes one value.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/num.h"

#include <string.h>

void nearest_try(struct nearest *n, const char *name)
{
	size_t max = n->typed.n / 3 + 1;
	size_t distance = str_distance(n->typed, str_of(name), max);
	/* "--step" for "--steps" and "--out" for "--output": beginnings count as near. */
	if (n->typed.n >= 2 && str_starts(str_of(name), n->typed))
		distance = 1;
	if (distance <= max && (n->name == NULL || distance < n->distance)) {
		n->name = name;
		n->distance = distance;
	}
}

str nearest_text(const struct nearest *n, char text[128])
{
	struct buf b;
	buf_init(&b, 120);
	text[0] = '\0';
	if (n->name != NULL) {
		buf_printf(&b, " Did you mean %s?", n->name);
		memcpy(text, b.p, b.n);
		text[b.n] = '\0';
	}
	str s = str_make(text, b.n);
	buf_fini(&b);
	return s;
}

static const struct option *option_in(const struct option *options, str name)
{
	for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
		if (str_eq(str_of(o->name), name))
			return o;
	}
	return NULL;
}

static bool option_unknown(const struct command *command, str typed, str name, err *e)
{
	struct nearest near = { .typed = name };
	for (const struct option *o = command->options; o != NULL && o->name != NULL; o++)
		nearest_try(&near, o->name);
	for (const struct option *o = options_common; o->name != NULL; o++)
		nearest_try(&near, o->name);
	char text[64];
	struct nearest dashed = near;
	if (near.name != NULL) {
		size_t n = MIN(strlen(near.name), sizeof text - 3);
		memcpy(text, "--", 2);
		memcpy(text + 2, near.name, n);
		text[n + 2] = '\0';
		dashed.name = text;
	}
	char hint[128];
	return err_set(e, ERR_INVALID, "there is no option %.*s.%.*s", STR_ARG(typed),
		       STR_ARG(nearest_text(&dashed, hint)));
}

static bool option_add(struct args *r, const struct option *o, const char *text, err *e)
{
	for (size_t i = 0; i < r->given_n && !o->many; i++) {
		if (r->given[i].option == o)
			return err_set(e, ERR_INVALID, "--%s is given twice", o->name);
	}
	r->given[r->given_n++] = (struct given){ o, text };
	return true;
}

/* `*i` stands on the option and is moved over its value. */
static bool option_parse(struct args *r, char **argv, size_t argc, size_t *i, err *e)
{
	str typed = str_of(argv[*i]);
	size_t equals = str_index(typed, '=');
	str shown = str_sub(typed, 0, equals);
	str name = str_eq(shown, S("-h")) ? S("help") : str_sub(shown, 2, shown.n);
	if (typed.p[1] != '-' && !str_eq(shown, S("-h")))
		return err_set(e, ERR_INVALID, "there is no option %.*s (options have two dashes)",
			       STR_ARG(typed));
	const struct option *o = option_in(r->command->options, name);
	if (o == NULL)
		o = option_in(options_common, name);
	if (o == NULL)
		return option_unknown(r->command, shown, name, e);
	if (equals < typed.n) {
		if (o->value == NULL)
			return err_set(e, ERR_INVALID, "--%s takes no value", o->name);
		return option_add(r, o, typed.p + equals + 1, e);
	}
	if (o->value == NULL)
		return option_add(r, o, "", e);
	if (*i + 1 >= argc)
		return err_set(e, ERR_INVALID, "--%s needs a value: --%s %s", o->name, o->name,
			       o->value);
	*i += 1;
	return option_add(r, o, argv[*i], e);
}

bool args_parse(const struct command *command, char **argv, size_t argc, struct arena *a,
		struct args *r, err *e)
{
	*r = (struct args){ .command = command };
	r->words = ARENA_ARRAY(a, const char *, argc + 1);
	r->given = ARENA_ARRAY(a, struct given, argc + 1);
	if (r->words == NULL || r->given == NULL)
		return arena_err(a, e);
	bool options = true;
	for (size_t i = 0; i < argc; i++) {
		const char *word = argv[i];
		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && word[0] == '-' && word[1] != '\0') {
			if (!option_parse(r, argv, argc, &i, e))
				return false;
		} else {
			r->words[r->words_n++] = word;
		}
	}
	return true;
}

const char *args_each(const struct args *a, const char *name, size_t *at)
{
	while (*at < a->given_n) {
		const struct given *g = &a->given[(*at)++];
		if (strcmp(g->option->name, name) == 0)
			return g->value;
	}
	return NULL;
}

bool args_on(const struct args *a, const char *name)
{
	size_t at = 0;
	return args_each(a, name, &at) != NULL;
}

const char *args_text(const struct args *a, const char *name)
{
	const char *last = NULL;
	const char *text;
	size_t at = 0;
	while ((text = args_each(a, name, &at)) != NULL)
		last = text;
	return last;
}

bool args_count(const struct args *a, const char *name, uint64_t missing, uint64_t *v_r, err *e)
{
	const char *text = args_text(a, name);
	if (text == NULL) {
		*v_r = missing;
		return true;
	}
	if (!num_parse_u64(str_of(text), v_r))
		return err_set(e, ERR_INVALID, "--%s wants a whole number, not \"%s\"", name, text);
	return true;
}

bool args_choice(const struct args *a, const char *name, const char *const *words, size_t missing,
		 size_t *i_r, err *e)
{
	const char *text = args_text(a, name);
	*i_r = missing;
	if (text == NULL)
		return true;
	struct buf all;
	buf_init(&all, ERR_TEXT_MAX);
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*i_r = i;
			buf_fini(&all);
			return true;
		}
		buf_printf(&all, "%s%s",
			   i == 0		  ? ""
			   : words[i + 1] == NULL ? " or "
						  : ", ",
			   words[i]);
	}
	err_set(e, ERR_INVALID, "--%s is %.*s, not \"%s\"", name, STR_ARG(buf_view(&all)), text);
	buf_fini(&all);
	return false;
}

bool args_format(const struct args *a, enum format *format_r, err *e)
{
	static const char *const names[] = { "table", "json", "csv", NULL };
	size_t i = 0;
	if (!args_choice(a, "format", names, FORMAT_TABLE, &i, e))
		return false;
	*format_r = (enum format)i;
	return true;
}
