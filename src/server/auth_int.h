/*
 * auth_int.h - the parts of who-may among themselves, and what the routes ask of them.
 */
#ifndef TRICHTER_SERVER_AUTH_INT_H
#define TRICHTER_SERVER_AUTH_INT_H

#include "base/map.h"
#include "base/thread.h"
#include "base/time.h"
#include "base/vec.h"
#include "io/json.h"
#include "server/auth.h"
#include "server/http.h"
#include "server/route_int.h"

#include <sodium.h>

#define HASH_BYTES	  32
#define TOKEN_BYTES	  32
#define TAG_BYTES	  16
#define TOTP_SECRET_BYTES 20
#define TOTP_STEP_S	  30
#define TOTP_DIGITS	  6
#define RECOVERY_BYTES	  16 /* of a code's hash */

/* ---- tokens (auth_tokens.c) ------------------------------------------------------------------ */

/* A new one: 256 bits that nobody can guess, as text behind `prefix`; and its hash. */
void token_make(const char *prefix, char text_r[TOKEN_TEXT_MAX], uint8_t hash_r[HASH_BYTES]);
void token_hash(str token, uint8_t hash_r[HASH_BYTES]);
bool token_is(str token, const uint8_t hash[HASH_BYTES]); /* in constant time */
/* Bytes as base64 of the URL alphabet; and back: false when it is not `n` bytes of it. */
str token_print(struct arena *a, const void *p, size_t n);
bool token_read(str text, void *p, size_t n);

/* ---- the second factor (auth_totp.c) --------------------------------------------------------- */

void sha1(const void *p, size_t n, uint8_t digest_r[20]);
void hmac_sha1(const void *key, size_t key_n, const void *p, size_t n, uint8_t digest_r[20]);
/* RFC 6238: the code of one step of 30 seconds. */
uint32_t totp_code(const void *secret, size_t n, uint64_t step, int digits);
/* The step, within one of `now_us`, that this code belongs to and that lies after `last_step`;
 * 0: none. Takes as long for any code. */
uint64_t totp_match(const uint8_t secret[TOTP_SECRET_BYTES], str code, int64_t now_us,
		    uint64_t last_step);
#define BASE32_TEXT_MAX 40
str base32_print(char text[BASE32_TEXT_MAX], const uint8_t *p, size_t n);
bool base32_read(str text, uint8_t *p, size_t n);
/* otpauth://totp/... for the QR code. */
str totp_uri(struct arena *a, str issuer, str email, const uint8_t secret[TOTP_SECRET_BYTES]);

/* ---- growing delays (auth_throttle.c) -------------------------------------------------------- */

#define THROTTLE_SLOTS 4096 /* a power of two */
#define THROTTLE_WAYS  8

struct throttle_slot {
	uint64_t key; /* 0: free */
	int64_t last_us;
	uint32_t failures;
	bool trusted; /* of a pair: somebody has signed in */
};
struct throttle {
	struct mutex lock;
	uint64_t salt;
	struct throttle_slot slots[THROTTLE_SLOTS];
};
enum throttle_kind { THROTTLE_PAIR, THROTTLE_ACCOUNT, THROTTLE_NETWORK };
void throttle_init(struct throttle *t);
void throttle_fini(struct throttle *t);
/* How long this sign-in has to wait; 0: it may be tried, and counts as failed until throttle_ok. */
int64_t throttle_begin(struct throttle *t, str account, str network, int64_t now_us);
/* It succeeded: what counted against the account from there is forgotten. */
void throttle_ok(struct throttle *t, str account, str network);
/* "203.0.113.0/24", "2001:db8:1::/48": where from, as far as it may be told. */
#define NETWORK_TEXT_MAX 64
str network_of(str address, char text[NETWORK_TEXT_MAX]);

/* ---- what is known --------------------------------------------------------------------------- */

struct secrets { /* of one user */
	char password[crypto_pwhash_STRBYTES];
	uint8_t totp[TOTP_SECRET_BYTES];
	uint8_t recovery[RECOVERY_CODES][RECOVERY_BYTES];
	uint64_t generation;	/* raised to end sessions */
	uint8_t tag[TAG_BYTES]; /* changes with password and generation; sessions carry it */
};
struct link {
	uint8_t hash[HASH_BYTES];
	int64_t expires_us; /* 0: there is none */
};
struct member { /* a user with all that belongs to it */
	struct user user;
	struct secrets secrets;
	struct link link;
	uint64_t totp_step; /* the last one used */
};
struct key_entry {
	struct key key;
	uint8_t hash[HASH_BYTES];
	bool has_hash;
};

#define SESSION_IDLE_US	     (7 * US_PER_DAY)
#define SESSION_LIFE_US	     (30 * US_PER_DAY)
#define SESSIONS_OF_USER_MAX 20
#define DEVICE_TEXT_MAX	     32

struct session {
	uint64_t id; /* random, below 2^52, so that scripts keep it exactly */
	uint64_t user;
	uint8_t hash[HASH_BYTES];
	uint8_t tag[TAG_BYTES];
	int64_t created_us, seen_us;
	char device[DEVICE_TEXT_MAX];
	char network[NETWORK_TEXT_MAX];
	uint8_t totp_pending[TOTP_SECRET_BYTES]; /* offered, not yet confirmed */
	bool has_pending;
};

struct auth {
	struct journal *journal;
	char *dir;
	bool serves;
	struct mutex lock;	    /* members, keys, sessions, setup */
	VEC(struct member) members; /* by number - 1; id 0: never was */
	size_t users_n;
	VEC(struct key_entry) keys; /* the same */
	struct map64 keys_by_hash;  /* first 8 bytes -> number */
	VEC(struct session) sessions;
	struct map64 sessions_by_hash; /* first 8 bytes -> index */
	uint64_t sessions_changed;     /* how often */
	int64_t seen_saved_us;
	struct mutex save; /* one writes DIR/sessions at a time; before `lock` */
	uint64_t sessions_saved;
	struct link setup;
	struct buf workspace, stages; /* as configured */
	struct mutex change;	      /* one changes users or keys at a time; before `lock` */
	struct json_parser *parser;   /* the writer's thread, while it tells */
	struct arena parsed;	      /* the same */
	struct throttle throttle;
	struct mutex hashing; /* passwords that are being hashed */
	struct cond hashing_free;
	unsigned hashing_n, hashing_waiting;
	struct mutex audit;
};

/* Whether a session (else a secret key) is still valid and still may: for what stays open. */
bool auth_still_may(struct auth *a, uint64_t session, uint64_t key, enum may may);

/* auth.c: a value of the configuration became valid. */
bool auth_configure(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by);
bool auth_member(struct auth *a, uint64_t id, struct member *m_r);
bool auth_member_by_email(struct auth *a, str email, struct member *m_r);
/* What the workspace is called, and its line of stages; in the arena. */
struct workspace {
	str name, currency, stages;
	bool sample;
};
bool auth_workspace(struct auth *a, struct arena *arena, struct workspace *w_r, err *e) MUST_CHECK;
/* Whether it is a code of the user's app that was not used before; it is used by that. */
bool totp_use(struct auth *a, uint64_t user, str code, int64_t now_us);
/* auth_users.c */
bool auth_row_set(struct auth *a, const char *prefix, uint64_t id, str text, str by,
		  err *e) MUST_CHECK;
/* A number that nobody has had. */
bool auth_row_add(struct auth *a, const char *prefix, uint64_t id, str text, str by,
		  err *e) MUST_CHECK;
void secrets_tag(struct secrets *s);
bool auth_user_totp_on(struct auth *a, uint64_t id, const uint8_t secret[TOTP_SECRET_BYTES],
		       str codes_r[RECOVERY_CODES], struct arena *arena, str by, err *e) MUST_CHECK;
/* A recovery code lets in once, in place of a code of the app. */
bool auth_recovery_use(struct auth *a, uint64_t id, str code, bool *used_r, err *e) MUST_CHECK;
/* Whose link it is; it is used up by that. ERR_DENIED: nobody's, used, or too old. */
bool auth_link_use(struct auth *a, str token, struct user *u_r, err *e) MUST_CHECK;

/* auth_password.c: hashing takes memory and time, so few do it at once; ERR_BUSY: too many. */
bool password_hash(struct auth *a, str password, char hash_r[crypto_pwhash_STRBYTES],
		   err *e) MUST_CHECK;
/* `hash` empty: compares with what fits nobody, and takes as long. */
bool password_verify(struct auth *a, const char *hash, str password, bool *fits_r,
		     err *e) MUST_CHECK;

/* auth_sessions.c */
struct device {
	char name[DEVICE_TEXT_MAX];
	char network[NETWORK_TEXT_MAX];
};
bool sessions_load(struct auth *a, err *e) MUST_CHECK;
bool sessions_save(struct auth *a, err *e) MUST_CHECK;
/* Saves when "last seen" is old. */
void sessions_save_seen(struct auth *a);
bool session_begin(struct auth *a, uint64_t user, const struct device *d,
		   char token_r[TOKEN_TEXT_MAX], err *e) MUST_CHECK;
/* The session of a token and its user; false: there is none (any more). */
bool session_find(struct auth *a, str token, int64_t now_us, struct session *s_r, struct user *u_r);
/* Ends one session of a user (0: all but `but`). */
bool session_end(struct auth *a, uint64_t user, uint64_t session, uint64_t but, bool *found_r,
		 err *e) MUST_CHECK;
/* Those of a user that are valid, in the arena. */
bool session_list(struct auth *a, uint64_t user, struct arena *arena, struct session **s_r,
		  size_t *n_r, err *e) MUST_CHECK;
/* A second factor that was offered in a session and waits for its first code. */
void session_pending_set(struct auth *a, uint64_t session, const uint8_t secret[TOTP_SECRET_BYTES]);
bool session_pending(struct auth *a, uint64_t session, uint8_t secret_r[TOTP_SECRET_BYTES]);
void device_of(str user_agent, char name_r[DEVICE_TEXT_MAX]);

/* auth_audit.c: one line of DIR/audit-*.jsonl. */
struct audit_note {
	const char *what; /* "signed_in", "sign_in_failed", ... */
	uint64_t user;	  /* whom it concerns; 0 unknown */
	str by;		  /* "user:3", "key:2"; empty: nobody known */
	str detail;
	str network, device;
};
void audit_write(struct auth *a, const struct audit_note *n);
struct audit_line {
	uint64_t at; /* its place: lines before it are older */
	str text;    /* one JSON object */
};
/* At most `max` lines that stand before `before`, newest first, in the arena. */
bool audit_read(struct auth *a, uint64_t before, size_t max, struct arena *arena,
		struct audit_line **lines_r, size_t *n_r, err *e) MUST_CHECK;

#endif
