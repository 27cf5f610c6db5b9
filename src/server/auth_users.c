/*
 * auth_users.c - changing users: each change is one row of the configuration, with who made it.
 *
 * What it is:   user.N holds what may be shown; secret.user.N what a password and codes are
 * compared with; secret.link.N the one-time link that waits for its user. Promises:     one change
 * at a time, checked against what holds then: two administrators who take each other's role away do
 * not both succeed. Threads:      any; waits for the disk.
 */
#include "server/auth_int.h"

#include "base/rand.h"

#include <stdio.h>
#include <string.h>

#define ROW_BYTES_MAX (8 * KIB)

/* ---- writing rows ---------------------------------------------------------------------------- */

bool auth_row_set(struct auth *a, const char *prefix, uint64_t id, str text, str by, err *e)
{
	char name[64];
	int n = snprintf(name, sizeof name, "%s%llu", prefix, (unsigned long long)id);
	return journal_config_set(a->journal, str_make(name, (size_t)n), text, by, e);
}

bool auth_row_add(struct auth *a, const char *prefix, uint64_t id, str text, str by, err *e)
{
	char name[64];
	int n = snprintf(name, sizeof name, "%s%llu", prefix, (unsigned long long)id);
	return journal_config_add(a->journal, str_make(name, (size_t)n), text, by, e);
}

static void put_member(struct json_writer *w, str key, str text)
{
	json_key(w, key);
	json_put_text(w, text);
}

static bool user_put(struct auth *a, const struct user *u, str by, err *e)
{
	char at[TIME_TEXT_MAX];
	struct json_writer w;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, ROW_BYTES_MAX);
	json_writer_init(&w, &b, false);
	json_object_open(&w);
	put_member(&w, S("name"), str_of(u->name));
	put_member(&w, S("email"), str_of(u->email));
	put_member(&w, S("role"), str_of(role_name(u->role)));
	if (u->language[0] != '\0')
		put_member(&w, S("language"), str_of(u->language));
	if (u->disabled) {
		json_key(&w, S("disabled"));
		json_put_bool(&w, true);
	}
	put_member(&w, S("created"), time_print(at, u->created_us));
	json_object_close(&w);
	return buf_ok(&b, e) && auth_row_set(a, "user.", u->id, buf_view(&b), by, e);
}

void secrets_tag(struct secrets *s)
{
	uint8_t text[sizeof s->password + 8];
	memcpy(text, s->password, sizeof s->password);
	memcpy(text + sizeof s->password, &s->generation, 8);
	crypto_generichash(s->tag, sizeof s->tag, text, sizeof text, NULL, 0);
	sodium_memzero(text, sizeof text);
}

static bool secrets_put(struct auth *a, uint64_t id, const struct secrets *s, bool is_new, str by,
			err *e)
{
	char text[BASE32_TEXT_MAX];
	struct json_writer w;
	struct arena arena CLEANUP(arena_fini);
	struct buf b CLEANUP(buf_fini);
	arena_init(&arena, ROW_BYTES_MAX);
	buf_init(&b, ROW_BYTES_MAX);
	json_writer_init(&w, &b, false);
	json_object_open(&w);
	if (s->password[0] != '\0')
		put_member(&w, S("password"), str_of(s->password));
	if (!sodium_is_zero(s->totp, sizeof s->totp))
		put_member(&w, S("totp"), base32_print(text, s->totp, sizeof s->totp));
	json_key(&w, S("recovery"));
	json_array_open(&w);
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		if (!sodium_is_zero(s->recovery[i], RECOVERY_BYTES))
			json_put_text(&w, token_print(&arena, s->recovery[i], RECOVERY_BYTES));
	}
	json_array_close(&w);
	json_key(&w, S("generation"));
	json_put_uint(&w, s->generation);
	json_object_close(&w);
	if (!buf_ok(&b, e) || (arena.over && !arena_err(&arena, e)))
		return false;
	return is_new ? auth_row_add(a, "secret.user.", id, buf_view(&b), by, e)
		      : auth_row_set(a, "secret.user.", id, buf_view(&b), by, e);
}

/* ---- checking -------------------------------------------------------------------------------- */

static bool text_is_plain(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((uint8_t)*p < 0x20 || *p == 0x7f)
			return false;
	}
	return str_is_utf8(str_of(text));
}

static bool email_is_one(str email)
{
	size_t at = str_index(email, '@');
	str domain = str_sub(email, at + 1, email.n);
	if (at == 0 || domain.n < 1 || str_contains(domain, S("@")))
		return false;
	for (size_t i = 0; i < email.n; i++) {
		uint8_t c = (uint8_t)email.p[i];
		if (c <= 0x20 || c == 0x7f || strchr("<>\"(),:;[]\\", c) != NULL)
			return false;
	}
	return str_is_utf8(email);
}

static bool user_check(struct auth *a, const struct user *u, err *e)
{
	struct user other;
	str name = str_of(u->name);
	if (str_trim(name).n == 0 || !text_is_plain(u->name))
		return err_set(e, ERR_INVALID, "a user has a name, in one line");
	if (!email_is_one(str_of(u->email)))
		return err_set(e, ERR_INVALID, "\"%s\" is no e-mail address", u->email);
	if (u->language[0] != '\0' && strcmp(u->language, "de") != 0 &&
	    strcmp(u->language, "en") != 0)
		return err_set(e, ERR_INVALID, "the language is de or en");
	if (auth_user_by_email(a, str_of(u->email), &other) && other.id != u->id)
		return err_set(e, ERR_CONFLICT, "%s is a user already", u->email);
	return true;
}

static bool administers(const struct user *u)
{
	return u->id != 0 && !u->disabled && u->role == ROLE_ADMINISTRATOR;
}

/* Somebody else has to be left who administers. */
static bool is_last_administrator(struct auth *a, uint64_t id)
{
	size_t others = 0;
	mutex_lock(&a->lock);
	for (size_t i = 0; i < a->members.n; i++)
		others += a->members.items[i].user.id != id &&
			  administers(&a->members.items[i].user);
	mutex_unlock(&a->lock);
	return others == 0;
}

/* ---- changing -------------------------------------------------------------------------------- */

static bool add(struct auth *a, struct user *u, const struct secrets *s, str by, err *e)
{
	mutex_lock(&a->lock);
	u->id = a->members.n + 1;
	mutex_unlock(&a->lock);
	if (!user_check(a, u, e))
		return false;
	if (u->id > USERS_MAX)
		return err_set(e, ERR_LIMIT, "there are %d users, and no room for more", USERS_MAX);
	/* The secrets first: until the user is there they let nobody in. */
	return secrets_put(a, u->id, s, true, by, e) && user_put(a, u, by, e);
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		*text = (char)(*text >= 'A' && *text <= 'Z' ? *text + 32 : *text);
}

bool auth_user_add(struct auth *a, const struct user *u, str password, str by, uint64_t *id_r,
		   err *e)
{
	struct user made = *u;
	struct secrets s = { .generation = 1 };
	made.id = 0;
	made.created_us = time_now_us();
	lower(made.email);
	if (!user_check(a, &made, e))
		return false;
	if (password.n > 0 &&
	    (!password_check(password, &made, e) || !password_hash(a, password, s.password, e)))
		return false;
	mutex_lock(&a->change);
	bool ok = add(a, &made, &s, by, e);
	mutex_unlock(&a->change);
	sodium_memzero(&s, sizeof s);
	if (ok)
		*id_r = made.id;
	return ok;
}

static bool change(struct auth *a, struct user *u, str by, err *e)
{
	struct user old;
	if (!auth_user(a, u->id, &old))
		return err_set(e, ERR_NOT_FOUND, "there is no user %llu",
			       (unsigned long long)u->id);
	u->created_us = old.created_us;
	if (!user_check(a, u, e))
		return false;
	if (administers(&old) && !administers(u) && is_last_administrator(a, u->id))
		return err_set(e, ERR_CONFLICT,
			       "%s is the last administrator: make somebody else one first",
			       old.email);
	return user_put(a, u, by, e);
}

bool auth_user_change(struct auth *a, const struct user *u, str by, err *e)
{
	struct user changed = *u;
	lower(changed.email);
	mutex_lock(&a->change);
	bool ok = change(a, &changed, by, e);
	mutex_unlock(&a->change);
	return ok;
}

/* Reads a user's secrets, lets `alter` change them, and writes them. */
static bool alter_secrets(struct auth *a, uint64_t id, void (*alter)(struct secrets *s, void *arg),
			  void *arg, str by, err *e)
{
	struct member m;
	mutex_lock(&a->change);
	bool ok = auth_member(a, id, &m) ||
		  err_set(e, ERR_NOT_FOUND, "there is no user %llu", (unsigned long long)id);
	if (ok) {
		alter(&m.secrets, arg);
		ok = secrets_put(a, id, &m.secrets, false, by, e);
	}
	mutex_unlock(&a->change);
	sodium_memzero(&m, sizeof m);
	return ok;
}

static void alter_password(struct secrets *s, void *arg)
{
	memcpy(s->password, arg, sizeof s->password);
	s->generation++;
}

bool auth_user_password(struct auth *a, uint64_t id, str password, str by, err *e)
{
	struct user u;
	char hash[crypto_pwhash_STRBYTES];
	if (!auth_user(a, id, &u))
		return err_set(e, ERR_NOT_FOUND, "there is no user %llu", (unsigned long long)id);
	return password_check(password, &u, e) && password_hash(a, password, hash, e) &&
	       alter_secrets(a, id, alter_password, hash, by, e);
}

static void alter_generation(struct secrets *s, void *arg)
{
	(void)arg;
	s->generation++;
}

bool auth_user_end_sessions(struct auth *a, uint64_t id, str by, err *e)
{
	return alter_secrets(a, id, alter_generation, NULL, by, e);
}

static void alter_totp_off(struct secrets *s, void *arg)
{
	(void)arg;
	memset(s->totp, 0, sizeof s->totp);
	memset(s->recovery, 0, sizeof s->recovery);
}

bool auth_user_totp_off(struct auth *a, uint64_t id, str by, err *e)
{
	return alter_secrets(a, id, alter_totp_off, NULL, by, e);
}

/* "k7qm-2xhv-9tpc": 12 of 32 letters, 60 bits. */
static str recovery_make(struct arena *arena, uint8_t hash_r[RECOVERY_BYTES])
{
	static const char LETTERS[] = "23456789abcdefghjkmnpqrstuvwxyz";
	char code[15];
	for (size_t i = 0; i < 14; i++)
		code[i] = i % 5 == 4 ? '-' : LETTERS[randombytes_uniform(sizeof LETTERS - 1)];
	code[14] = '\0';
	crypto_generichash(hash_r, RECOVERY_BYTES, (const uint8_t *)code, 14, NULL, 0);
	return str_dup(arena, str_of(code));
}

bool auth_user_totp_on(struct auth *a, uint64_t id, const uint8_t secret[TOTP_SECRET_BYTES],
		       str codes_r[RECOVERY_CODES], struct arena *arena, str by, err *e)
{
	struct member m;
	mutex_lock(&a->change);
	bool ok = auth_member(a, id, &m) ||
		  err_set(e, ERR_NOT_FOUND, "there is no user %llu", (unsigned long long)id);
	if (ok) {
		memcpy(m.secrets.totp, secret, TOTP_SECRET_BYTES);
		for (size_t i = 0; i < RECOVERY_CODES; i++)
			codes_r[i] = recovery_make(arena, m.secrets.recovery[i]);
		ok = (!arena->over || arena_err(arena, e)) &&
		     secrets_put(a, id, &m.secrets, false, by, e);
	}
	mutex_unlock(&a->change);
	sodium_memzero(&m, sizeof m);
	return ok;
}

struct recovery {
	uint8_t hash[RECOVERY_BYTES];
	bool found;
};

static void alter_recovery(struct secrets *s, void *arg)
{
	struct recovery *r = arg;
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		if (sodium_memcmp(s->recovery[i], r->hash, RECOVERY_BYTES) != 0)
			continue;
		memset(s->recovery[i], 0, RECOVERY_BYTES);
		r->found = true;
	}
}

bool auth_recovery_use(struct auth *a, uint64_t id, str code, bool *used_r, err *e)
{
	struct member m;
	struct recovery r = { .found = false };
	char by[32];
	*used_r = false;
	if (code.n != 14 || !auth_member(a, id, &m))
		return true;
	crypto_generichash(r.hash, RECOVERY_BYTES, (const uint8_t *)code.p, code.n, NULL, 0);
	alter_recovery(&m.secrets, &r);
	sodium_memzero(&m, sizeof m);
	if (!r.found)
		return true;
	/* Once more, on what holds when it is written: two at once must not both succeed. */
	r.found = false;
	int n = snprintf(by, sizeof by, "user:%llu", (unsigned long long)id);
	if (!alter_secrets(a, id, alter_recovery, &r, str_make(by, (size_t)n), e))
		return false;
	*used_r = r.found;
	return true;
}

/* ---- one-time links -------------------------------------------------------------------------- */

bool auth_user_link(struct auth *a, uint64_t id, int64_t valid_us, str by,
		    char token_r[TOKEN_TEXT_MAX], err *e)
{
	uint8_t hash[HASH_BYTES];
	char at[TIME_TEXT_MAX];
	struct user u;
	struct arena arena CLEANUP(arena_fini);
	arena_init(&arena, 4 * KIB);
	if (!auth_user(a, id, &u))
		return err_set(e, ERR_NOT_FOUND, "there is no user %llu", (unsigned long long)id);
	if (u.disabled)
		return err_set(e, ERR_CONFLICT, "%s is disabled", u.email);
	token_make("", token_r, hash);
	str text = str_printf(&arena, "{\"hash\":\"%s\",\"expires\":\"%s\"}",
			      token_print(&arena, hash, sizeof hash).p,
			      time_print(at, time_now_us() + valid_us).p);
	if (text.p == NULL)
		return arena_err(&arena, e);
	return auth_row_set(a, "secret.link.", id, text, by, e);
}

/* Whose link this is; all are looked at, whichever fits. */
static uint64_t link_owner(struct auth *a, str token)
{
	uint8_t hash[HASH_BYTES];
	uint64_t owner = 0;
	int64_t now = time_now_us();
	token_hash(token, hash);
	mutex_lock(&a->lock);
	for (size_t i = 0; i < a->members.n; i++) {
		const struct member *m = &a->members.items[i];
		bool fits = sodium_memcmp(m->link.hash, hash, HASH_BYTES) == 0;
		if (fits && m->link.expires_us > now && m->user.id != 0 && !m->user.disabled)
			owner = m->user.id;
	}
	mutex_unlock(&a->lock);
	return owner;
}

bool auth_link_use(struct auth *a, str token, struct user *u_r, err *e)
{
	char by[32];
	mutex_lock(&a->change);
	uint64_t id = link_owner(a, token);
	int n = snprintf(by, sizeof by, "user:%llu", (unsigned long long)id);
	bool ok = id != 0 ||
		  err_set(e, ERR_DENIED,
			  "this link was used already, or is too old: ask for a new one");
	ok = ok && auth_row_set(a, "secret.link.", id, S(""), str_make(by, (size_t)n), e) &&
	     auth_user(a, id, u_r);
	mutex_unlock(&a->change);
	return ok;
}
