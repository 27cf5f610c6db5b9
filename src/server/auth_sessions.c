/*
 * auth_sessions.c - who is signed in, from where, until when.
 *
 * What it is:   sessions in memory, found by the hash of their token, and DIR/sessions, from which
 *               they are read after a restart. Not in the journal: what ends within a month is no
 *               history, and a restored backup must not sign anybody in (docs/adr/0011).
 * Promises:     a session ends after SESSION_IDLE_US without use, after SESSION_LIFE_US at the
 *               latest, when its user is disabled, and when the user's password changed.
 * Threads:      any; beginning and ending wait for the disk.
 */
#include "server/auth_int.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME      "sessions"
#define FILE_BYTES_MAX (64 * MIB)
#define SEEN_SAVE_US   (5 * 60 * US_PER_S)
#define ID_MAX	       (UINT64_C(1) << 52)

static uint64_t prefix_of(const uint8_t hash[HASH_BYTES])
{
	uint64_t prefix;
	memcpy(&prefix, hash, sizeof prefix);
	return prefix;
}

static bool is_over(const struct session *s, int64_t now_us)
{
	return now_us - s->seen_us > SESSION_IDLE_US || now_us - s->created_us > SESSION_LIFE_US;
}

/* Under the lock: the session's user, when both may still come in. */
static const struct member *owner_of(struct auth *a, const struct session *s, int64_t now_us)
{
	if (is_over(s, now_us) || s->user == 0 || s->user > a->members.n)
		return NULL;
	const struct member *m = &a->members.items[s->user - 1];
	bool valid = m->user.id != 0 && !m->user.disabled &&
		     sodium_memcmp(m->secrets.tag, s->tag, TAG_BYTES) == 0;
	return valid ? m : NULL;
}

/* Under the lock: keeps those for which `keep` holds. */
static bool keep_only(struct auth *a,
		      bool (*keep)(struct auth *a, const struct session *s, void *arg), void *arg)
{
	size_t n = 0;
	bool ok = true;
	for (size_t i = 0; i < a->sessions.n; i++) {
		if (keep(a, &a->sessions.items[i], arg))
			a->sessions.items[n++] = a->sessions.items[i];
	}
	a->sessions.n = n;
	a->sessions_changed++;
	map64_clear(&a->sessions_by_hash);
	for (size_t i = 0; i < n; i++)
		ok = map64_put(&a->sessions_by_hash, prefix_of(a->sessions.items[i].hash), i) && ok;
	return ok;
}

static bool keep_valid(struct auth *a, const struct session *s, void *arg)
{
	return owner_of(a, s, *(int64_t *)arg) != NULL;
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool path_of(const struct auth *a, char path[4096], err *e)
{
	int n = snprintf(path, 4096, "%s/" FILE_NAME, a->dir);
	return (n > 0 && n < 4096) || err_set(e, ERR_INVALID, "the path of DIR is too long");
}

static void put_session(struct json_writer *w, const struct session *s, struct arena *arena)
{
	json_object_open(w);
	json_key(w, S("id"));
	json_put_uint(w, s->id);
	json_key(w, S("user"));
	json_put_uint(w, s->user);
	json_key(w, S("hash"));
	json_put_text(w, token_print(arena, s->hash, HASH_BYTES));
	json_key(w, S("tag"));
	json_put_text(w, token_print(arena, s->tag, TAG_BYTES));
	json_key(w, S("created_us"));
	json_put_int(w, s->created_us);
	json_key(w, S("seen_us"));
	json_put_int(w, s->seen_us);
	json_key(w, S("device"));
	json_put_text(w, str_of(s->device));
	json_key(w, S("network"));
	json_put_text(w, str_of(s->network));
	json_object_close(w);
}

/* Under the lock. */
static void put_all(struct auth *a, struct buf *b, struct arena *arena)
{
	struct json_writer w;
	json_writer_init(&w, b, false);
	json_object_open(&w);
	json_key(&w, S("format"));
	json_put_int(&w, 1);
	json_key(&w, S("sessions"));
	json_array_open(&w);
	for (size_t i = 0; i < a->sessions.n; i++)
		put_session(&w, &a->sessions.items[i], arena);
	json_array_close(&w);
	/* The last code of the app that each user has used, so that it is not taken twice. */
	json_key(&w, S("steps"));
	json_array_open(&w);
	for (size_t i = 0; i < a->members.n; i++) {
		if (a->members.items[i].totp_step == 0)
			continue;
		json_object_open(&w);
		json_key(&w, S("user"));
		json_put_uint(&w, i + 1);
		json_key(&w, S("step"));
		json_put_uint(&w, a->members.items[i].totp_step);
		json_object_close(&w);
	}
	json_array_close(&w);
	json_object_close(&w);
}

bool sessions_save(struct auth *a, err *e)
{
	char path[4096];
	struct buf b CLEANUP(buf_fini);
	struct arena arena CLEANUP(arena_fini);
	buf_init(&b, FILE_BYTES_MAX);
	arena_init(&arena, FILE_BYTES_MAX);
	if (a->dir == NULL || !a->serves)
		return true;
	if (!path_of(a, path, e))
		return false;
	mutex_lock(&a->save);
	mutex_lock(&a->lock);
	put_all(a, &b, &arena);
	a->seen_saved_us = time_now_us();
	mutex_unlock(&a->lock);
	bool ok = buf_ok(&b, e) && (!arena.over || arena_err(&arena, e)) &&
		  fs_write_all(fs_real(), path, buf_view(&b), e);
	mutex_unlock(&a->save);
	return ok;
}

/* What cannot be written now costs a sign-in after the next restart, not this one. */
static void save_or_say(struct auth *a)
{
	err e = { 0 };
	if (!sessions_save(a, &e))
		log_event(LOG_WARN, "sessions_not_saved", "code=%s", err_code_name(e.code));
}

void sessions_save_seen(struct auth *a)
{
	mutex_lock(&a->lock);
	bool old = time_now_us() - a->seen_saved_us > SEEN_SAVE_US;
	mutex_unlock(&a->lock);
	if (old)
		save_or_say(a);
}

static int64_t int_member(const struct json *o, str name)
{
	const struct json *v = json_get(o, name);
	return v != NULL && v->kind == JSON_INT ? v->i : 0;
}

static void put_text(char *to, size_t size, str s)
{
	size_t n = MIN(s.n, size - 1);
	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

static bool read_session(struct auth *a, const struct json *o)
{
	struct session s = { .id = (uint64_t)int_member(o, S("id")),
			     .user = (uint64_t)int_member(o, S("user")),
			     .created_us = int_member(o, S("created_us")),
			     .seen_us = int_member(o, S("seen_us")) };
	put_text(s.device, sizeof s.device, json_text_of(o, S("device")));
	put_text(s.network, sizeof s.network, json_text_of(o, S("network")));
	return !token_read(json_text_of(o, S("hash")), s.hash, HASH_BYTES) ||
	       !token_read(json_text_of(o, S("tag")), s.tag, TAG_BYTES) ||
	       vec_push(&a->sessions, s);
}

static bool read_all(struct auth *a, const struct json *root)
{
	const struct json *sessions = json_get(root, S("sessions"));
	const struct json *steps = json_get(root, S("steps"));
	int64_t now = time_now_us();
	bool ok = true;
	mutex_lock(&a->lock);
	for (const struct json *o = sessions != NULL ? json_first(sessions) : NULL; o != NULL && ok;
	     o = json_after(sessions, o))
		ok = read_session(a, o);
	for (const struct json *o = steps != NULL ? json_first(steps) : NULL; o != NULL;
	     o = json_after(steps, o)) {
		uint64_t user = (uint64_t)int_member(o, S("user"));
		if (user > 0 && user <= a->members.n)
			a->members.items[user - 1].totp_step = (uint64_t)int_member(o, S("step"));
	}
	ok = keep_only(a, keep_valid, &now) && ok;
	mutex_unlock(&a->lock);
	return ok;
}

bool sessions_load(struct auth *a, err *e)
{
	char path[4096];
	struct json_parser *parser = NULL;
	const struct json *root = NULL;
	struct buf b CLEANUP(buf_fini);
	struct arena arena CLEANUP(arena_fini);
	err bad = { 0 };
	buf_init(&b, FILE_BYTES_MAX);
	arena_init(&arena, 4 * FILE_BYTES_MAX);
	if (a->dir == NULL)
		return true;
	if (!path_of(a, path, e))
		return false;
	if (!fs_exists(fs_real(), path))
		return true;
	bool ok = json_parser_new(&parser, FILE_BYTES_MAX, e);
	/* A damaged file signs everybody out, and is no reason not to serve. */
	if (ok && (!fs_read_all(fs_real(), path, FILE_BYTES_MAX, &b, &bad) ||
		   !json_parse(parser, buf_view(&b), &arena, &root, &bad) ||
		   root->kind != JSON_OBJECT || int_member(root, S("format")) != 1))
		log_event(LOG_WARN, "sessions_unreadable", "file=" FILE_NAME);
	else if (ok)
		ok = read_all(a, root) || err_nomem(e);
	json_parser_free(&parser);
	return ok;
}

/* ---- beginning, finding, ending -------------------------------------------------------------- */

struct oldest {
	uint64_t user, but;
};

static bool keep_but(struct auth *a, const struct session *s, void *arg)
{
	const struct oldest *o = arg;
	(void)a;
	return s->user != o->user || s->id != o->but;
}

/* Under the lock: room for one more session of this user. */
static bool make_room(struct auth *a, uint64_t user, int64_t now_us)
{
	size_t n = 0;
	struct oldest oldest = { .user = user };
	int64_t seen_us = INT64_MAX;
	if (!keep_only(a, keep_valid, &now_us))
		return false;
	for (size_t i = 0; i < a->sessions.n; i++) {
		const struct session *s = &a->sessions.items[i];
		if (s->user != user)
			continue;
		n++;
		if (s->seen_us < seen_us) {
			seen_us = s->seen_us;
			oldest.but = s->id;
		}
	}
	return n < SESSIONS_OF_USER_MAX || keep_only(a, keep_but, &oldest);
}

bool session_begin(struct auth *a, uint64_t user, const struct device *d,
		   char token_r[TOKEN_TEXT_MAX], err *e)
{
	struct session s = { .id = rand_u64() % (ID_MAX - 1) + 1, .user = user };
	struct member m;
	token_make("", token_r, s.hash);
	s.created_us = s.seen_us = time_now_us();
	memcpy(s.device, d->name, sizeof s.device);
	memcpy(s.network, d->network, sizeof s.network);
	if (!auth_member(a, user, &m) || m.user.disabled)
		return err_set(e, ERR_DENIED, "this user may not sign in");
	memcpy(s.tag, m.secrets.tag, TAG_BYTES);
	sodium_memzero(&m, sizeof m);
	mutex_lock(&a->lock);
	bool ok = make_room(a, user, s.created_us) && vec_push(&a->sessions, s) &&
		  map64_put(&a->sessions_by_hash, prefix_of(s.hash), a->sessions.n - 1);
	mutex_unlock(&a->lock);
	if (!ok)
		return err_nomem(e);
	save_or_say(a);
	return true;
}

/* Under the lock. */
static struct session *entry_of(struct auth *a, str token)
{
	uint8_t hash[HASH_BYTES];
	uint64_t i = 0;
	token_hash(token, hash);
	if (!map64_get(&a->sessions_by_hash, prefix_of(hash), &i) || i >= a->sessions.n ||
	    sodium_memcmp(a->sessions.items[i].hash, hash, HASH_BYTES) != 0)
		return NULL;
	return &a->sessions.items[i];
}

bool session_find(struct auth *a, str token, int64_t now_us, struct session *s_r, struct user *u_r)
{
	if (token.n == 0 || token.n >= TOKEN_TEXT_MAX)
		return false;
	mutex_lock(&a->lock);
	struct session *s = entry_of(a, token);
	const struct member *m = s != NULL ? owner_of(a, s, now_us) : NULL;
	if (m != NULL) {
		s->seen_us = MAX(s->seen_us, now_us);
		*s_r = *s;
		*u_r = m->user;
	}
	mutex_unlock(&a->lock);
	return m != NULL;
}

bool auth_still_may(struct auth *a, uint64_t session, uint64_t key, enum may may)
{
	int64_t now_us = time_now_us();
	uint64_t allowed = 0;
	struct key k;
	if (session == 0)
		return key != 0 && auth_key(a, key, &k) && !k.revoked && (k.may >> may & 1) != 0;
	mutex_lock(&a->lock);
	for (size_t i = 0; i < a->sessions.n; i++) {
		const struct session *s = &a->sessions.items[i];
		const struct member *m = s->id == session ? owner_of(a, s, now_us) : NULL;
		if (m != NULL)
			allowed = role_may(m->user.role);
	}
	mutex_unlock(&a->lock);
	return (allowed >> may & 1) != 0;
}

struct ending {
	uint64_t user, session, but;
	bool found;
};

static bool keep_others(struct auth *a, const struct session *s, void *arg)
{
	struct ending *x = arg;
	(void)a;
	bool ends = s->user == x->user && s->id != x->but &&
		    (x->session == 0 || s->id == x->session);
	x->found = x->found || ends;
	return !ends;
}

bool session_end(struct auth *a, uint64_t user, uint64_t session, uint64_t but, bool *found_r,
		 err *e)
{
	struct ending x = { .user = user, .session = session, .but = but };
	mutex_lock(&a->lock);
	bool ok = keep_only(a, keep_others, &x);
	mutex_unlock(&a->lock);
	*found_r = x.found;
	/* One that was ended must not come back with a restart. */
	return (ok || err_nomem(e)) && (!x.found || sessions_save(a, e));
}

bool session_list(struct auth *a, uint64_t user, struct arena *arena, struct session **s_r,
		  size_t *n_r, err *e)
{
	size_t n = 0;
	int64_t now = time_now_us();
	struct session *out = ARENA_ARRAY(arena, struct session, SESSIONS_OF_USER_MAX + 1);
	if (out == NULL)
		return arena_err(arena, e);
	mutex_lock(&a->lock);
	for (size_t i = 0; i < a->sessions.n && n <= SESSIONS_OF_USER_MAX; i++) {
		const struct session *s = &a->sessions.items[i];
		if (s->user == user && owner_of(a, s, now) != NULL)
			out[n++] = *s;
	}
	mutex_unlock(&a->lock);
	*s_r = out;
	*n_r = n;
	return true;
}

/* Under the lock. */
static struct session *session_by_id(struct auth *a, uint64_t id)
{
	for (size_t i = 0; i < a->sessions.n; i++) {
		if (a->sessions.items[i].id == id)
			return &a->sessions.items[i];
	}
	return NULL;
}

void session_pending_set(struct auth *a, uint64_t session, const uint8_t secret[TOTP_SECRET_BYTES])
{
	mutex_lock(&a->lock);
	struct session *s = session_by_id(a, session);
	if (s != NULL) {
		memcpy(s->totp_pending, secret, TOTP_SECRET_BYTES);
		s->has_pending = true;
	}
	mutex_unlock(&a->lock);
}

bool session_pending(struct auth *a, uint64_t session, uint8_t secret_r[TOTP_SECRET_BYTES])
{
	mutex_lock(&a->lock);
	const struct session *s = session_by_id(a, session);
	bool has = s != NULL && s->has_pending;
	if (has)
		memcpy(secret_r, s->totp_pending, TOTP_SECRET_BYTES);
	mutex_unlock(&a->lock);
	return has;
}

bool auth_sessions_read(struct auth *a, uint64_t user, struct arena *arena,
			struct session_info **rows_r, size_t *n_r, err *e)
{
	struct session *s = NULL;
	size_t n = 0;
	CHECK(!a->serves);
	if (!sessions_load(a, e) || !session_list(a, user, arena, &s, &n, e))
		return false;
	struct session_info *rows = ARENA_ARRAY(arena, struct session_info, n);
	if (rows == NULL)
		return arena_err(arena, e);
	for (size_t i = 0; i < n; i++) {
		rows[i] = (struct session_info){ .created_us = s[i].created_us,
						 .seen_us = s[i].seen_us };
		snprintf(rows[i].device, sizeof rows[i].device, "%s", s[i].device);
		snprintf(rows[i].network, sizeof rows[i].network, "%s", s[i].network);
	}
	*rows_r = rows;
	*n_r = n;
	return true;
}

void device_of(str user_agent, char name_r[DEVICE_TEXT_MAX])
{
	/* In this order: each of the later ones is named by the earlier ones as well. */
	static const struct {
		const char *mark, *name;
	} BROWSERS[] = {
		{ "Edg", "Edge" },	 { "OPR/", "Opera" },	  { "Firefox/", "Firefox" },
		{ "FxiOS", "Firefox" },	 { "CriOS", "Chrome" },	  { "HeadlessChrome", "Chrome" },
		{ "Chrome/", "Chrome" }, { "Safari/", "Safari" }, { "curl/", "curl" },
	};
	static const struct {
		const char *mark, *name;
	} SYSTEMS[] = {
		{ "iPhone", "iPhone" },	  { "iPad", "iPad" },	    { "Android", "Android" },
		{ "Windows", "Windows" }, { "Macintosh", "macOS" }, { "Linux", "Linux" },
	};
	const char *browser = "Browser";
	const char *system = "";
	for (size_t i = ARRAY_LEN(BROWSERS); i-- > 0;) {
		if (str_contains(user_agent, str_of(BROWSERS[i].mark)))
			browser = BROWSERS[i].name;
	}
	for (size_t i = ARRAY_LEN(SYSTEMS); i-- > 0;) {
		if (str_contains(user_agent, str_of(SYSTEMS[i].mark)))
			system = SYSTEMS[i].name;
	}
	snprintf(name_r, DEVICE_TEXT_MAX, "%s%s%s", browser, system[0] != '\0' ? ", " : "", system);
}
