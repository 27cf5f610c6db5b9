/*
 * cmd_user.c - trichter user: who may sign in.
 *
 * What it is:   what the screens can do with users, and what only whoever owns the machine can: a
 *               password without the old one, a one-time link, a second factor taken off.
 * Promises:     works beside a running server, which knows at once.
 * Threads:      one at a time.
 */
#include "cli/cli_secret_int.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define LINK_VALID_US (24 * 3600 * US_PER_S)

static const struct option options[] = {
	OPTION("name", "NAME", "add: the person's name (what stands before the @)"),
	OPTION("role", "ROLE",
	       "add: administrator, operations, marketing, sales or read-only (read-only)"),
	OPTION("language", "LANGUAGE", "add: de or en; without it the browser's"),
	SWITCH("password-stdin", "the password is the first line of standard input"),
	SWITCH("no-password", "add: none; user link lets in the first time"),
	SWITCH("end", "sessions: ends them all"),
	OPTION("format", "FORMAT", "list and sessions as table, json or csv"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "user add ann@example.com --name 'Ann Miller' --role administrator",
	  "asks for a password" },
	{ "user link ann@example.com", "a link that signs in once, within a day" },
	{ "user password ann@example.com", "a new password, when the old one is forgotten" },
	{ "user role ann@example.com sales", "what she may from now on" },
	{ "user list", "everybody who may sign in" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_user = {
	.name = "user",
	.words = "add|list|role|password|link|disable|enable|totp-off|sessions [EMAIL] [ROLE]",
	.summary = "people who may sign in",
	.about =
		"add makes a user; role changes what one may; disable shuts one out at once, enable "
		"lets in again. password sets a new one and ends all sessions of the user. link "
		"prints a path (/in/...) that signs in once, within 24 hours. totp-off takes the "
		"second factor off, when the telephone is lost. sessions shows from where one is "
		"signed in, and ends all of them with --end.\n"
		"\n"
		"Passwords have at least 12 characters. They are asked for on the terminal, or read "
		"with --password-stdin; never given on the command line, where others could see "
		"them.",
	.options = options,
	.examples = examples,
	.words_min = 1,
	.words_max = 3,
	.run = run,
};

struct user_verb {
	const char *name;
	bool takes_email;
	size_t words; /* in all */
	bool (*run)(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e);
};

/* ---- add ------------------------------------------------------------------------------------- */

static bool text_fits(const char *text, size_t max, const char *what, err *e)
{
	return strlen(text) <= max ||
	       err_set(e, ERR_INVALID, "%s has at most %zu bytes", what, max);
}

static bool add(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	const char *email = a->words[1];
	const char *name = args_text(a, "name");
	const char *role = args_text(a, "role");
	const char *language = args_text(a, "language");
	str password = S("");
	uint64_t id;
	*u = (struct user){ .role = ROLE_READ_ONLY };
	if (!text_fits(email, USER_EMAIL_BYTES_MAX, "an address", e) ||
	    (name != NULL && !text_fits(name, USER_NAME_BYTES_MAX, "a name", e)) ||
	    (language != NULL && !text_fits(language, 2, "a language", e)) ||
	    (role != NULL && !role_find(str_of(role), &u->role, e)))
		return false;
	snprintf(u->email, sizeof u->email, "%s", email);
	if (name != NULL)
		snprintf(u->name, sizeof u->name, "%s", name);
	else
		snprintf(u->name, sizeof u->name, "%.*s",
			 (int)MIN(strcspn(email, "@"), (size_t)200), email);
	snprintf(u->language, sizeof u->language, "%s", language != NULL ? language : "");
	if (!args_on(a, "no-password") && !secret_read(c, a, &password, e))
		return false;
	if (!args_on(a, "no-password") && password.n == 0)
		return err_set(e, ERR_INVALID, "the password is empty");
	if (!auth_user_add(auth, u, password, cli_by(c), &id, e))
		return false;
	CHECK(auth_user(auth, id, u));
	buf_printf(&c->out, "%s is user %llu: %s.\n", u->email, (unsigned long long)id,
		   role_name(u->role));
	return true;
}

/* ---- list and sessions ----------------------------------------------------------------------- */

static struct table_cell text_cell(struct cli *c, const char *text)
{
	str s = str_dup(&c->arena, str_of(text));
	return (struct table_cell){ .value = s.n > 0 ? value_text(s) : value_none() };
}

static bool list_add(struct cli *c, struct table *t, const struct user *u, err *e)
{
	const char *state = u->disabled	      ? "disabled"
			    : u->has_password ? u->totp ? "password and code" : "password"
					      : "link only";
	const struct table_cell cells[] = {
		{ .value = value_int((int64_t)u->id) },
		text_cell(c, u->email),
		text_cell(c, u->name),
		text_cell(c, role_name(u->role)),
		text_cell(c, state),
		{ .value = value_time(u->created_us) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		if (!table_add(t, cells[i], e))
			return false;
	}
	return true;
}

static bool list(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	static const struct table_column columns[] = {
		{ { "user", 4 }, { "user", 4 }, ALIGN_RIGHT, false },
		{ { "email", 5 }, { "e-mail", 6 }, ALIGN_LEFT, true },
		{ { "name", 4 }, { "name", 4 }, ALIGN_LEFT, true },
		{ { "role", 4 }, { "role", 4 }, ALIGN_LEFT, false },
		{ { "signs_in_with", 13 }, { "signs in with", 13 }, ALIGN_LEFT, false },
		{ { "created", 7 }, { "since", 5 }, ALIGN_LEFT, false },
	};
	struct table t CLEANUP(table_fini) = { .columns = columns,
					       .columns_n = ARRAY_LEN(columns) };
	for (uint64_t at = 0; auth_user_next(auth, &at, u);) {
		if (!list_add(c, &t, u, e))
			return false;
	}
	return access_print(c, a, &t, "users", e);
}

static bool sessions(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	static const struct table_column columns[] = {
		{ { "device", 6 }, { "device", 6 }, ALIGN_LEFT, true },
		{ { "network", 7 }, { "from", 4 }, ALIGN_LEFT, true },
		{ { "since", 5 }, { "since", 5 }, ALIGN_LEFT, false },
		{ { "seen", 4 }, { "last seen", 9 }, ALIGN_LEFT, false },
	};
	struct table t CLEANUP(table_fini) = { .columns = columns,
					       .columns_n = ARRAY_LEN(columns) };
	struct session_info *rows = NULL;
	size_t n = 0;
	if (args_on(a, "end"))
		return auth_user_end_sessions(auth, u->id, cli_by(c), e);
	if (!auth_sessions_read(auth, u->id, &c->arena, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct table_cell cells[] = {
			text_cell(c, rows[i].device),
			text_cell(c, rows[i].network),
			{ .value = value_time(rows[i].created_us) },
			{ .value = value_time(rows[i].seen_us) },
		};
		for (size_t k = 0; k < ARRAY_LEN(cells); k++) {
			if (!table_add(&t, cells[k], e))
				return false;
		}
	}
	return access_print(c, a, &t, "sessions", e);
}

/* ---- changes --------------------------------------------------------------------------------- */

static bool role(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	return role_find(str_of(a->words[2]), &u->role, e) &&
	       auth_user_change(auth, u, cli_by(c), e);
}

static bool disable(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	(void)a;
	u->disabled = true;
	return auth_user_change(auth, u, cli_by(c), e);
}

static bool enable(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	(void)a;
	u->disabled = false;
	return auth_user_change(auth, u, cli_by(c), e);
}

static bool password(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	str text;
	return secret_read(c, a, &text, e) && auth_user_password(auth, u->id, text, cli_by(c), e);
}

static bool totp_off(struct cli *c, const struct args *a, struct auth *auth, struct user *u, err *e)
{
	(void)a;
	return auth_user_totp_off(auth, u->id, cli_by(c), e);
}

/* "link" is a function of the system's. */
static bool link_make(struct cli *c, const struct args *a, struct auth *auth, struct user *u,
		      err *e)
{
	char token[TOKEN_TEXT_MAX];
	(void)a;
	if (!auth_user_link(auth, u->id, LINK_VALID_US, cli_by(c), token, e))
		return false;
	buf_printf(&c->out, "/in/%s\n", token);
	return true;
}

static const struct user_verb verbs[] = {
	{ "add", false, 2, add },	   { "list", false, 1, list },
	{ "role", true, 3, role },	   { "password", true, 2, password },
	{ "link", true, 2, link_make },	   { "disable", true, 2, disable },
	{ "enable", true, 2, enable },	   { "totp-off", true, 2, totp_off },
	{ "sessions", true, 2, sessions },
};

static enum cli_status verb_run(struct cli *c, const struct args *a, const struct user_verb *v)
{
	struct access x;
	struct user u = { 0 };
	err e = { 0 };
	if (!access_open(c, &x, &e))
		return cli_fail(&e);
	enum cli_status status = CLI_DONE;
	if (v->takes_email && !auth_user_by_email(x.auth, str_of(a->words[1]), &u)) {
		cli_note("trichter: there is no user %s; trichter user list shows them",
			 a->words[1]);
		status = CLI_NEGATIVE;
	} else if (!v->run(c, a, x.auth, &u, &e)) {
		status = e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
	}
	access_close(&x);
	return status;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	err e = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(a->words[0], verbs[i].name) != 0)
			continue;
		if (a->words_n == verbs[i].words)
			return verb_run(c, a, &verbs[i]);
		err_set(&e, ERR_INVALID, "%s takes %s", verbs[i].name,
			verbs[i].words == 1   ? "nothing else"
			: verbs[i].words == 2 ? "an e-mail address"
					      : "an e-mail address and a role");
		return cli_usage(a, &e);
	}
	err_set(&e, ERR_INVALID, "there is no \"user %s\"", a->words[0]);
	return cli_usage(a, &e);
}
