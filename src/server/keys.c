/*
 * keys.c - write keys and secret keys of programs.
 *
 * What it is:   a write key stands in web pages and may only send; a secret key has scopes. key.N
 *               says what may be shown of it, secret.key.N holds its hash.
 * Promises:     the key itself is shown once; a revoked one is dead at once.
 * Threads:      any; adding and revoking wait for the disk.
 */
#include "server/auth_int.h"

#include <stdio.h>
#include <string.h>

#define ROW_BYTES_MAX (4 * KIB)
#define HINT_CHARS    8

static bool key_put(struct auth *a, const struct key *k, str by, err *e)
{
	char at[TIME_TEXT_MAX];
	struct json_writer w;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, ROW_BYTES_MAX);
	json_writer_init(&w, &b, false);
	json_object_open(&w);
	json_key(&w, S("kind"));
	json_put_text(&w, k->secret ? S("secret") : S("write"));
	json_key(&w, S("name"));
	json_put_text(&w, str_of(k->name));
	json_key(&w, S("hint"));
	json_put_text(&w, str_of(k->hint));
	if (k->secret) {
		json_key(&w, S("scopes"));
		json_array_open(&w);
		for (size_t i = 0; scope_at(k->may, i) != NULL; i++)
			json_put_text(&w, str_of(scope_at(k->may, i)));
		json_array_close(&w);
	}
	if (k->revoked) {
		json_key(&w, S("revoked"));
		json_put_bool(&w, true);
	}
	json_key(&w, S("created"));
	json_put_text(&w, time_print(at, k->created_us));
	json_object_close(&w);
	return buf_ok(&b, e) && auth_row_set(a, "key.", k->id, buf_view(&b), by, e);
}

static bool key_check(const struct key *k, err *e)
{
	str name = str_of(k->name);
	for (size_t i = 0; i < name.n; i++) {
		if ((uint8_t)name.p[i] < 0x20 || name.p[i] == 0x7f)
			return err_set(e, ERR_INVALID, "a key has a name, in one line");
	}
	if (str_trim(name).n == 0 || !str_is_utf8(name))
		return err_set(e, ERR_INVALID, "a key has a name: what is it for?");
	if (k->secret && k->may == 0)
		return err_set(e, ERR_INVALID, "a secret key has at least one scope");
	return true;
}

static bool add(struct auth *a, struct key *k, const uint8_t hash[HASH_BYTES], str by, err *e)
{
	struct arena arena CLEANUP(arena_fini);
	arena_init(&arena, 4 * KIB);
	mutex_lock(&a->lock);
	k->id = a->keys.n + 1;
	mutex_unlock(&a->lock);
	if (k->id > KEYS_MAX)
		return err_set(e, ERR_LIMIT, "there are %d keys, and no room for more", KEYS_MAX);
	str text = str_printf(&arena, "{\"hash\":\"%s\"}", token_print(&arena, hash, HASH_BYTES).p);
	if (text.p == NULL)
		return arena_err(&arena, e);
	/* The hash first: until the key is there it opens nothing. */
	return auth_row_add(a, "secret.key.", k->id, text, by, e) && key_put(a, k, by, e);
}

bool auth_key_add(struct auth *a, const struct key *k, str by, uint64_t *id_r,
		  char token_r[TOKEN_TEXT_MAX], err *e)
{
	struct key made = *k;
	uint8_t hash[HASH_BYTES];
	made.created_us = time_now_us();
	if (!made.secret)
		made.may = 0;
	if (!key_check(&made, e))
		return false;
	token_make(made.secret ? "tsk_" : "twk_", token_r, hash);
	snprintf(made.hint, sizeof made.hint, "%.*s", HINT_CHARS, token_r);
	mutex_lock(&a->change);
	bool ok = add(a, &made, hash, by, e);
	mutex_unlock(&a->change);
	if (ok)
		*id_r = made.id;
	return ok;
}

bool auth_key(struct auth *a, uint64_t id, struct key *k_r)
{
	mutex_lock(&a->lock);
	bool found = id > 0 && id <= a->keys.n && a->keys.items[id - 1].key.id != 0;
	if (found)
		*k_r = a->keys.items[id - 1].key;
	mutex_unlock(&a->lock);
	return found;
}

bool auth_key_revoke(struct auth *a, uint64_t id, str by, err *e)
{
	struct key k;
	mutex_lock(&a->change);
	bool ok = auth_key(a, id, &k) ||
		  err_set(e, ERR_NOT_FOUND, "there is no key %llu", (unsigned long long)id);
	if (ok && !k.revoked) {
		k.revoked = true;
		ok = key_put(a, &k, by, e);
	}
	mutex_unlock(&a->change);
	return ok;
}

bool auth_key_next(struct auth *a, uint64_t *at, struct key *k_r)
{
	mutex_lock(&a->lock);
	size_t i = (size_t)*at;
	while (i < a->keys.n && a->keys.items[i].key.id == 0)
		i++;
	bool found = i < a->keys.n;
	if (found)
		*k_r = a->keys.items[i].key;
	*at = i + 1;
	mutex_unlock(&a->lock);
	return found;
}

bool auth_key_find(struct auth *a, str token, struct key *k_r)
{
	uint8_t hash[HASH_BYTES];
	uint64_t prefix;
	uint64_t id = 0;
	/* What is looked up is a hash: how long that takes says nothing about a key's letters. */
	token_hash(token, hash);
	memcpy(&prefix, hash, sizeof prefix);
	mutex_lock(&a->lock);
	bool found = map64_get(&a->keys_by_hash, prefix, &id) && id > 0 && id <= a->keys.n;
	if (found) {
		struct key_entry *k = &a->keys.items[id - 1];
		found = k->has_hash && sodium_memcmp(k->hash, hash, HASH_BYTES) == 0 &&
			k->key.id != 0 && !k->key.revoked;
		if (found) {
			k->key.used_us = time_now_us();
			*k_r = k->key;
		}
	}
	mutex_unlock(&a->lock);
	return found;
}
