/*
 * cmd_key.c - trichter key: keys for programs.
 *
 * Promises:     a key is printed once, when it is made; nothing can show it again.
 * Threads:      one at a time.
 */
#include "cli/cli_secret_int.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

static const struct option options[] = {
	SWITCH("write", "add: a write key, for web pages and apps: it may only send"),
	SWITCH("secret", "add: a secret key, for servers: it may what its scopes say"),
	OPTION_MANY("scope", "SCOPE",
		    "add --secret: read, work, market, import, configure, administer, collect"),
	OPTION("format", "FORMAT", "list as table, json or csv"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "key add 'Web site' --write", "for /t.js and Segment's libraries" },
	{ "key add Reporting --secret --scope read", "reads people, funnels, deals" },
	{ "key add 'CRM sync' --secret --scope collect --scope work", "sends what is believed" },
	{ "key list", "all keys, without the keys themselves" },
	{ "key revoke 3", "dead at once" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_key = {
	.name = "key",
	.words = "add NAME | list | revoke NUMBER",
	.summary = "keys for web sites, apps and other programs",
	.about =
		"A write key (twk_...) may only send events, and stands in web pages, so everybody "
		"has it: what comes with one is believed accordingly. A secret key (tsk_...) stays "
		"on servers and may what its scopes say. Only a hash is kept, so a key that is lost "
		"cannot be shown again: revoke it and make another.",
	.options = options,
	.examples = examples,
	.words_min = 1,
	.words_max = 2,
	.run = run,
};

static bool add(struct cli *c, const struct args *a, struct auth *auth, err *e)
{
	struct key k = { .secret = args_on(a, "secret") };
	char token[TOKEN_TEXT_MAX];
	uint64_t id;
	size_t at = 0;
	if (args_on(a, "secret") == args_on(a, "write"))
		return err_set(e, ERR_INVALID, "say --write or --secret");
	for (const char *s; (s = args_each(a, "scope", &at)) != NULL;) {
		uint64_t may = 0;
		if (!k.secret)
			return err_set(e, ERR_INVALID, "a write key has no scopes");
		if (!scope_find(str_of(s), &may, e))
			return false;
		k.may |= may;
	}
	if (strlen(a->words[1]) > USER_NAME_BYTES_MAX)
		return err_set(e, ERR_INVALID, "a name has at most %d bytes", USER_NAME_BYTES_MAX);
	snprintf(k.name, sizeof k.name, "%s", a->words[1]);
	if (!auth_key_add(auth, &k, cli_by(c), &id, token, e))
		return false;
	buf_printf(&c->out, "%s\n", token);
	cli_note("Key %llu. It is shown this once; keep it where it is used.",
		 (unsigned long long)id);
	return true;
}

static str scopes_of(struct cli *c, const struct key *k)
{
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, KIB);
	for (size_t i = 0; scope_at(k->may, i) != NULL; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", scope_at(k->may, i));
	return str_dup(&c->arena, buf_view(&b));
}

static bool list_add(struct cli *c, struct table *t, const struct key *k, err *e)
{
	str scopes = scopes_of(c, k);
	const struct table_cell cells[] = {
		{ .value = value_int((int64_t)k->id) },
		{ .value = value_text(str_dup(&c->arena, str_of(k->name))) },
		{ .value = value_text(k->secret ? S("secret") : S("write")) },
		{ .value = value_text(str_dup(&c->arena, str_of(k->hint))) },
		{ .value = scopes.n > 0 ? value_text(scopes) : value_none() },
		{ .value = value_time(k->created_us) },
		{ .value = value_text(k->revoked ? S("revoked") : S("valid")) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		if (!table_add(t, cells[i], e))
			return false;
	}
	return true;
}

static bool list(struct cli *c, const struct args *a, struct auth *auth, err *e)
{
	static const struct table_column columns[] = {
		{ { "key", 3 }, { "key", 3 }, ALIGN_RIGHT, false },
		{ { "name", 4 }, { "name", 4 }, ALIGN_LEFT, true },
		{ { "kind", 4 }, { "kind", 4 }, ALIGN_LEFT, false },
		{ { "begins_with", 11 }, { "begins with", 11 }, ALIGN_LEFT, false },
		{ { "scopes", 6 }, { "scopes", 6 }, ALIGN_LEFT, true },
		{ { "created", 7 }, { "since", 5 }, ALIGN_LEFT, false },
		{ { "state", 5 }, { "state", 5 }, ALIGN_LEFT, false },
	};
	struct table t CLEANUP(table_fini) = { .columns = columns,
					       .columns_n = ARRAY_LEN(columns) };
	struct key k;
	for (uint64_t at = 0; auth_key_next(auth, &at, &k);) {
		if (!list_add(c, &t, &k, e))
			return false;
	}
	return access_print(c, a, &t, "keys", e);
}

static bool revoke(struct cli *c, const struct args *a, struct auth *auth, err *e)
{
	uint64_t id = 0;
	if (!num_parse_u64(str_of(a->words[1]), &id))
		return err_set(e, ERR_INVALID, "revoke takes a key's number; key list shows them");
	return auth_key_revoke(auth, id, cli_by(c), e);
}

static const struct {
	const char *name;
	size_t words;
	bool (*run)(struct cli *c, const struct args *a, struct auth *auth, err *e);
} verbs[] = { { "add", 2, add }, { "list", 1, list }, { "revoke", 2, revoke } };

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct access x;
	err e = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(a->words[0], verbs[i].name) != 0 || a->words_n != verbs[i].words)
			continue;
		if (!access_open(c, &x, &e))
			return cli_fail(&e);
		bool ok = verbs[i].run(c, a, x.auth, &e);
		access_close(&x);
		if (ok)
			return CLI_DONE;
		if (e.code == ERR_INVALID)
			return cli_usage(a, &e);
		enum cli_status status = cli_fail(&e);
		return e.code == ERR_NOT_FOUND ? CLI_NEGATIVE : status;
	}
	err_set(&e, ERR_INVALID, "key add NAME, key list or key revoke NUMBER");
	return cli_usage(a, &e);
}
