/*
 * auth.h - who may: users, their sessions, keys, one-time links, and the log of what they did.
 *
 * What it is:   what is known of everybody who may come in, in memory, brought up to date by the
 *               journal's configuration: user.N and key.N are shown and kept in the history,
 *               secret.user.N, secret.key.N and secret.link.N are not.
 * Promises:     no password, token or key is kept, only what it is compared with; a change is valid
 *               everywhere before it is answered, whoever makes it; the last administrator stays.
 * Threads:      any.
 */
#ifndef TRICHTER_SERVER_AUTH_H
#define TRICHTER_SERVER_AUTH_H

#include "base/buf.h"
#include "journal/journal.h"

struct auth;

struct auth_options {
	const char *dir; /* the data directory: sessions and the audit log; NULL: neither is kept */
	bool serves;	 /* sessions are read and written by this one alone */
};
/* Watches the journal's configuration until auth_close. */
bool auth_open(struct journal *j, const struct auth_options *o, struct auth **a_r,
	       err *e) MUST_CHECK;
void auth_close(struct auth **a);

/* ---- roles and scopes (auth_roles.c) --------------------------------------------------------- */

enum role {
	ROLE_ADMINISTRATOR,
	ROLE_OPERATIONS,
	ROLE_MARKETING,
	ROLE_SALES,
	ROLE_READ_ONLY,
	ROLE_N
};
const char *role_name(enum role role); /* "administrator", ..., "read-only" */
bool role_find(str name, enum role *role_r, err *e) MUST_CHECK;
uint64_t role_may(enum role role); /* bit per enum may */
/* A scope of a secret key: "read", ..., "collect"; one bit of enum may. */
bool scope_find(str name, uint64_t *may_r, err *e) MUST_CHECK;
/* The i-th scope that `may` holds; NULL at the end. */
const char *scope_at(uint64_t may, size_t i);

/* ---- users (auth_users.c) -------------------------------------------------------------------- */

#define USERS_MAX	     10000
#define USER_NAME_BYTES_MAX  200
#define USER_EMAIL_BYTES_MAX 254
#define PASSWORD_CHARS_MIN   12
#define PASSWORD_BYTES_MAX   1024
#define RECOVERY_CODES	     10

struct user {
	uint64_t id; /* 0: none */
	enum role role;
	bool disabled;
	bool has_password;
	bool totp;
	unsigned recovery_left;
	char name[USER_NAME_BYTES_MAX + 1];
	char email[USER_EMAIL_BYTES_MAX + 1]; /* lower case */
	char language[3];		      /* "de", "en", "" */
	int64_t created_us;
};
/* Users in the order of their numbers, from `*at` (begin with 0); false at the end. */
bool auth_user_next(struct auth *a, uint64_t *at, struct user *u_r);
bool auth_user(struct auth *a, uint64_t id, struct user *u_r);
bool auth_user_by_email(struct auth *a, str email, struct user *u_r);
size_t auth_users_n(struct auth *a);

/* Each is one change of the configuration, made by `by`. ERR_INVALID says what is wrong with the
 * name, the address or the password; ERR_CONFLICT: the address is taken, or nobody would be left
 * who administers. */
bool auth_user_add(struct auth *a, const struct user *u, str password, str by, uint64_t *id_r,
		   err *e) MUST_CHECK; /* empty password: none, a one-time link lets in */
bool auth_user_change(struct auth *a, const struct user *u, str by, err *e) MUST_CHECK;
/* Ends all sessions of the user. */
bool auth_user_password(struct auth *a, uint64_t id, str password, str by, err *e) MUST_CHECK;
bool auth_user_end_sessions(struct auth *a, uint64_t id, str by, err *e) MUST_CHECK;
bool auth_user_totp_off(struct auth *a, uint64_t id, str by, err *e) MUST_CHECK;

/* From where somebody is signed in, as DIR/sessions says: for a command beside the server. */
struct session_info {
	char device[32], network[64];
	int64_t created_us, seen_us;
};
bool auth_sessions_read(struct auth *a, uint64_t user, struct arena *arena,
			struct session_info **rows_r, size_t *n_r, err *e) MUST_CHECK;

#define TOKEN_TEXT_MAX 64
/* A link that lets in once, until `valid_us` from now; replaces the user's older one. */
bool auth_user_link(struct auth *a, uint64_t id, int64_t valid_us, str by,
		    char token_r[TOKEN_TEXT_MAX], err *e) MUST_CHECK;

/* Whether a password of this user may be this one. */
bool password_check(str password, const struct user *u, err *e) MUST_CHECK;

/* ---- keys (keys.c) --------------------------------------------------------------------------- */

#define KEYS_MAX 1000

struct key {
	uint64_t id; /* 0: none */
	bool secret; /* false: a write key, which stands in web pages */
	bool revoked;
	uint64_t may; /* secret keys: bit per enum may */
	char name[USER_NAME_BYTES_MAX + 1];
	char hint[16]; /* how the key begins */
	int64_t created_us;
	int64_t used_us; /* since the start; 0 not yet */
};
bool auth_key_next(struct auth *a, uint64_t *at, struct key *k_r);
bool auth_key(struct auth *a, uint64_t id, struct key *k_r);
/* The whole key is given back here and never again. */
bool auth_key_add(struct auth *a, const struct key *k, str by, uint64_t *id_r,
		  char token_r[TOKEN_TEXT_MAX], err *e) MUST_CHECK;
bool auth_key_revoke(struct auth *a, uint64_t id, str by, err *e) MUST_CHECK;
/* Whose key is it? False: nobody's, or revoked. In a time that tells nothing about keys. */
bool auth_key_find(struct auth *a, str token, struct key *k_r);

#endif
