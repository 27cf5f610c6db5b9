/*
 * auth.c - who is known: users and keys in memory, as the configuration says.
 *
 * What it is:   opening and closing; reading user.N, secret.user.N, secret.link.N, key.N and
 *               secret.key.N when the journal tells that one became valid; finding users.
 * Promises:     a row that makes no sense is reported and lets nobody in.
 * Threads:      auth_configure on the journal's writer; everything else on any.
 */
#include "server/auth_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#include <string.h>

#define VALUE_BYTES_MAX (16 * KIB)

/* ---- reading rows ---------------------------------------------------------------------------- */

static void put_text(char *to, size_t size, str s)
{
	size_t n = MIN(s.n, size - 1);
	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

static int64_t time_member(const struct json *o, str name)
{
	int64_t at = 0;
	err e = { 0 };
	return time_parse(json_text_of(o, name), &at, &e) ? at : 0;
}

static bool bool_member(const struct json *o, str name)
{
	const struct json *v = json_get(o, name);
	return v != NULL && v->kind == JSON_BOOL && v->b;
}

static struct member *member_at(struct auth *a, uint64_t id)
{
	while (a->members.n < id) {
		if (!vec_push(&a->members, (struct member){ 0 }))
			return NULL;
	}
	return &a->members.items[id - 1];
}

static bool read_user(struct auth *a, uint64_t id, const struct json *o)
{
	struct member *m = member_at(a, id);
	enum role role;
	err e = { 0 };
	if (m == NULL)
		return false;
	if (o == NULL) { /* removed */
		a->users_n -= m->user.id != 0;
		m->user.id = 0;
		return true;
	}
	if (!role_find(json_text_of(o, S("role")), &role, &e))
		return false;
	a->users_n += m->user.id == 0;
	m->user.id = id;
	m->user.role = role;
	m->user.disabled = bool_member(o, S("disabled"));
	m->user.created_us = time_member(o, S("created"));
	put_text(m->user.name, sizeof m->user.name, json_text_of(o, S("name")));
	put_text(m->user.email, sizeof m->user.email, json_text_of(o, S("email")));
	put_text(m->user.language, sizeof m->user.language, json_text_of(o, S("language")));
	return true;
}

static bool read_secrets(struct auth *a, uint64_t id, const struct json *o)
{
	struct member *m = member_at(a, id);
	if (m == NULL)
		return false;
	struct secrets s = { 0 };
	m->user.totp = false;
	m->user.recovery_left = 0;
	if (o != NULL) {
		const struct json *generation = json_get(o, S("generation"));
		const struct json *codes = json_get(o, S("recovery"));
		put_text(s.password, sizeof s.password, json_text_of(o, S("password")));
		if (generation != NULL && generation->kind == JSON_INT)
			s.generation = (uint64_t)generation->i;
		m->user.totp = base32_read(json_text_of(o, S("totp")), s.totp, TOTP_SECRET_BYTES);
		for (const struct json *c = codes != NULL ? json_first(codes) : NULL;
		     c != NULL && m->user.recovery_left < RECOVERY_CODES;
		     c = json_after(codes, c)) {
			if (c->kind == JSON_TEXT &&
			    token_read(c->text, s.recovery[m->user.recovery_left], RECOVERY_BYTES))
				m->user.recovery_left++;
		}
	}
	m->user.has_password = s.password[0] != '\0';
	secrets_tag(&s);
	m->secrets = s;
	return true;
}

static bool read_link(struct auth *a, uint64_t id, const struct json *o)
{
	struct member *m = member_at(a, id);
	if (m == NULL)
		return false;
	m->link = (struct link){ 0 };
	if (o != NULL && token_read(json_text_of(o, S("hash")), m->link.hash, HASH_BYTES))
		m->link.expires_us = time_member(o, S("expires"));
	return true;
}

static struct key_entry *key_at(struct auth *a, uint64_t id)
{
	while (a->keys.n < id) {
		if (!vec_push(&a->keys, (struct key_entry){ 0 }))
			return NULL;
	}
	return &a->keys.items[id - 1];
}

static bool read_key(struct auth *a, uint64_t id, const struct json *o)
{
	struct key_entry *k = key_at(a, id);
	if (k == NULL)
		return false;
	if (o == NULL) {
		k->key.id = 0;
		return true;
	}
	k->key.id = id;
	k->key.secret = str_eq(json_text_of(o, S("kind")), S("secret"));
	k->key.revoked = bool_member(o, S("revoked"));
	k->key.created_us = time_member(o, S("created"));
	k->key.may = 0;
	put_text(k->key.name, sizeof k->key.name, json_text_of(o, S("name")));
	put_text(k->key.hint, sizeof k->key.hint, json_text_of(o, S("hint")));
	const struct json *scopes = json_get(o, S("scopes"));
	for (const struct json *s = scopes != NULL ? json_first(scopes) : NULL; s != NULL;
	     s = json_after(scopes, s)) {
		uint64_t may = 0;
		err e = { 0 };
		if (s->kind == JSON_TEXT && scope_find(s->text, &may, &e))
			k->key.may |= may;
	}
	return true;
}

static bool read_key_secret(struct auth *a, uint64_t id, const struct json *o)
{
	struct key_entry *k = key_at(a, id);
	uint64_t prefix;
	if (k == NULL)
		return false;
	k->has_hash = o != NULL && token_read(json_text_of(o, S("hash")), k->hash, HASH_BYTES);
	if (!k->has_hash)
		return true;
	memcpy(&prefix, k->hash, sizeof prefix);
	return map64_put(&a->keys_by_hash, prefix, id);
}

static const struct row_kind {
	const char *prefix;
	uint64_t max;
	bool (*read)(struct auth *a, uint64_t id, const struct json *o);
} KINDS[] = {
	{ "user.", USERS_MAX, read_user },
	{ "secret.user.", USERS_MAX, read_secrets },
	{ "secret.link.", USERS_MAX, read_link },
	{ "key.", KEYS_MAX, read_key },
	{ "secret.key.", KEYS_MAX, read_key_secret },
};

static bool read_row(struct auth *a, const struct row_kind *kind, str name, str text)
{
	uint64_t id = 0;
	const struct json *o = NULL;
	err e = { 0 };
	str number = str_sub(name, strlen(kind->prefix), name.n);
	if (!num_parse_u64(number, &id) || id == 0 || id > kind->max)
		return false;
	arena_reset(&a->parsed);
	if (text.n > 0 &&
	    (!json_parse(a->parser, text, &a->parsed, &o, &e) || o->kind != JSON_OBJECT))
		return false;
	mutex_lock(&a->lock);
	bool ok = kind->read(a, id, o);
	mutex_unlock(&a->lock);
	return ok;
}

bool auth_configure(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by)
{
	struct auth *a = arg;
	(void)from_seq;
	(void)from_us;
	(void)by;
	if (str_eq(name, S("stages")) || str_eq(name, S("workspace"))) {
		mutex_lock(&a->lock);
		struct buf *b = name.n == 6 ? &a->stages : &a->workspace;
		buf_clear(b);
		buf_str(b, text);
		mutex_unlock(&a->lock);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		if (!str_starts(name, str_of(KINDS[i].prefix)))
			continue;
		if (!read_row(a, &KINDS[i], name, text))
			log_event(LOG_WARN, "configuration_unreadable", "name=%.*s", STR_ARG(name));
		break;
	}
	return true;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static struct auth *auth_make(const struct auth_options *o, err *e)
{
	struct auth *a = mem_zalloc(1, sizeof *a);
	size_t n = o->dir != NULL ? strlen(o->dir) + 1 : 0;
	if (a == NULL || (n > 0 && (a->dir = mem_alloc(n)) == NULL)) {
		mem_free(a);
		err_nomem(e);
		return NULL;
	}
	if (n > 0)
		memcpy(a->dir, o->dir, n);
	a->serves = o->serves;
	mutex_init(&a->lock);
	mutex_init(&a->save);
	mutex_init(&a->change);
	mutex_init(&a->hashing);
	mutex_init(&a->audit);
	cond_init(&a->hashing_free);
	throttle_init(&a->throttle);
	arena_init(&a->parsed, MIB);
	buf_init(&a->workspace, VALUE_BYTES_MAX);
	buf_init(&a->stages, VALUE_BYTES_MAX);
	return a;
}

static void auth_release(struct auth *a)
{
	json_parser_free(&a->parser);
	buf_fini(&a->workspace);
	buf_fini(&a->stages);
	arena_fini(&a->parsed);
	throttle_fini(&a->throttle);
	cond_fini(&a->hashing_free);
	mutex_fini(&a->audit);
	mutex_fini(&a->hashing);
	mutex_fini(&a->change);
	mutex_fini(&a->save);
	mutex_fini(&a->lock);
	if (a->members.n > 0)
		sodium_memzero(a->members.items, a->members.n * sizeof *a->members.items);
	vec_free(&a->members);
	vec_free(&a->keys);
	vec_free(&a->sessions);
	map64_fini(&a->keys_by_hash);
	map64_fini(&a->sessions_by_hash);
	mem_free(a->dir);
	mem_free(a);
}

bool auth_open(struct journal *j, const struct auth_options *o, struct auth **a_r, err *e)
{
	if (sodium_init() < 0)
		return err_set(e, ERR_IO, "the system gives no random numbers");
	struct auth *a = auth_make(o, e);
	if (a == NULL)
		return false;
	a->journal = j;
	if (!json_parser_new(&a->parser, VALUE_BYTES_MAX, e) ||
	    !journal_config_watch(j, auth_configure, a, e)) {
		auth_release(a);
		return false;
	}
	if (a->serves && !sessions_load(a, e)) {
		journal_config_unwatch(j, auth_configure, a);
		auth_release(a);
		return false;
	}
	*a_r = a;
	return true;
}

void auth_close(struct auth **aa)
{
	struct auth *a = *aa;
	if (a == NULL)
		return;
	*aa = NULL;
	err e = { 0 };
	if (a->serves && !sessions_save(a, &e))
		log_event(LOG_WARN, "sessions_not_saved", "why=\"%s\"", e.text);
	journal_config_unwatch(a->journal, auth_configure, a);
	auth_release(a);
}

/* ---- finding --------------------------------------------------------------------------------- */

bool auth_member(struct auth *a, uint64_t id, struct member *m_r)
{
	mutex_lock(&a->lock);
	bool found = id > 0 && id <= a->members.n && a->members.items[id - 1].user.id != 0;
	if (found)
		*m_r = a->members.items[id - 1];
	mutex_unlock(&a->lock);
	return found;
}

bool auth_member_by_email(struct auth *a, str email, struct member *m_r)
{
	bool found = false;
	mutex_lock(&a->lock);
	for (size_t i = 0; i < a->members.n && !found; i++) {
		const struct member *m = &a->members.items[i];
		found = m->user.id != 0 && str_eq_nocase(str_of(m->user.email), email);
		if (found)
			*m_r = *m;
	}
	mutex_unlock(&a->lock);
	return found;
}

bool auth_user(struct auth *a, uint64_t id, struct user *u_r)
{
	struct member m;
	bool found = auth_member(a, id, &m);
	if (found)
		*u_r = m.user;
	return found;
}

bool auth_user_by_email(struct auth *a, str email, struct user *u_r)
{
	struct member m;
	bool found = auth_member_by_email(a, email, &m);
	if (found)
		*u_r = m.user;
	return found;
}

bool auth_user_next(struct auth *a, uint64_t *at, struct user *u_r)
{
	mutex_lock(&a->lock);
	size_t i = (size_t)*at;
	while (i < a->members.n && a->members.items[i].user.id == 0)
		i++;
	bool found = i < a->members.n;
	if (found)
		*u_r = a->members.items[i].user;
	*at = i + 1;
	mutex_unlock(&a->lock);
	return found;
}

size_t auth_users_n(struct auth *a)
{
	mutex_lock(&a->lock);
	size_t n = a->users_n;
	mutex_unlock(&a->lock);
	return n;
}

bool totp_use(struct auth *a, uint64_t user, str code, int64_t now_us)
{
	uint64_t step = 0;
	mutex_lock(&a->lock);
	if (user > 0 && user <= a->members.n && a->members.items[user - 1].user.totp) {
		struct member *m = &a->members.items[user - 1];
		step = totp_match(m->secrets.totp, code, now_us, m->totp_step);
		if (step != 0)
			m->totp_step = step;
	}
	mutex_unlock(&a->lock);
	return step != 0;
}

bool auth_workspace(struct auth *a, struct arena *arena, struct workspace *w_r, err *e)
{
	struct json_parser *parser = NULL;
	const struct json *o = NULL;
	err bad = { 0 };
	*w_r = (struct workspace){ 0 };
	mutex_lock(&a->lock);
	w_r->stages = str_dup(arena, buf_view(&a->stages));
	str text = str_dup(arena, buf_view(&a->workspace));
	mutex_unlock(&a->lock);
	if (arena->over)
		return arena_err(arena, e);
	if (text.n == 0)
		return true;
	if (!json_parser_new(&parser, VALUE_BYTES_MAX, e))
		return false;
	if (json_parse(parser, text, arena, &o, &bad) && o->kind == JSON_OBJECT) {
		w_r->name = json_text_of(o, S("name"));
		w_r->currency = json_text_of(o, S("currency"));
		w_r->sample = bool_member(o, S("sample"));
	}
	json_parser_free(&parser);
	return true;
}
