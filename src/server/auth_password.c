/*
 * auth_password.c - passwords: which may be chosen, and how they are hashed.
 *
 * What it is:   argon2id by libsodium, 64 MiB and two passes each; and the few rules that help
 *               (length, not one of those that everybody tries, not one's own address).
 * Promises:     never cut; few are hashed at once, so that sign-ins cannot take the machine's
 *               memory; comparing with nobody's password takes as long as with somebody's.
 * Threads:      any; waits.
 */
#include "server/auth_int.h"

#include "base/time.h"

#include <string.h>

#define PIECE_BYTES_MAX	    6
#define HASHING_MAX	    2
#define HASHING_WAITING_MAX 8
#define HASHING_WAIT_US	    (4 * US_PER_S)

/* ---- which may be chosen --------------------------------------------------------------------- */

/* What remains of common passwords when digits and marks at both ends are taken off. */
static const char *const COMMON[] = {
	"abcdefghijkl",	 "admin",
	"administrator", "asdf",
	"asdfgh",	 "asdfghjkl",
	"baseball",	 "batman",
	"changeme",	 "charlie",
	"computer",	 "correcthorsebatterystaple",
	"default",	 "donald",
	"dragon",	 "football",
	"freedom",	 "geheim",
	"hallo",	 "hello",
	"iloveyou",	 "jesus",
	"letmein",	 "login",
	"loveme",	 "lovely",
	"master",	 "michael",
	"monkey",	 "mustang",
	"mypassword",	 "nothing",
	"ninja",	 "passw0rd",
	"passwort",	 "password",
	"pass",		 "princess",
	"qazwsx",	 "qazwsxedc",
	"qwer",		 "qwert",
	"qwerty",	 "qwertyuiop",
	"qwertzuiop",	 "qwertz",
	"sample",	 "secret",
	"schatz",	 "shadow",
	"starwars",	 "sunshine",
	"superman",	 "supersecret",
	"test",		 "testing",
	"trustnoone",	 "trustno",
	"trichter",	 "user",
	"welcome",	 "whatever",
	"willkommen",	 "yourpassword",
	"zaqxsw",	 "zxcvbn",
	"zxcvbnm",	 "topsecret",
	"sommer",	 "winter",
	"summer",	 "fruehling",
	"herbst",	 "passwordpassword",
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (uint8_t)c >= 0x80;
}

/* "Password2026!" is "password". */
static str core_of(str s)
{
	while (s.n > 0 && !is_letter(s.p[0]))
		s = str_sub(s, 1, s.n);
	while (s.n > 0 && !is_letter(s.p[s.n - 1]))
		s.n--;
	return s;
}

static size_t characters(str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((uint8_t)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* "aaaa", "abcabcabc": a short piece over and over. */
static bool is_repeated(str s)
{
	for (size_t piece = 1; piece <= PIECE_BYTES_MAX && piece < s.n; piece++) {
		size_t i = piece;
		while (i < s.n && s.p[i] == s.p[i % piece])
			i++;
		if (i >= s.n)
			return true;
	}
	return false;
}

/* "123456789012", "zyxwvu": each one more, or one less, than the one before. */
static bool is_sequence(str s)
{
	size_t up = 0;
	size_t down = 0;
	for (size_t i = 1; i < s.n; i++) {
		int step = s.p[i] - s.p[i - 1];
		up += step == 1 || (s.p[i - 1] == '9' && s.p[i] == '0');
		down += step == -1 || (s.p[i - 1] == '0' && s.p[i] == '9');
	}
	return up + 2 >= s.n || down + 2 >= s.n;
}

static bool is_common(str folded)
{
	str core = core_of(folded);
	for (size_t i = 0; i < ARRAY_LEN(COMMON); i++) {
		if (str_eq(core, str_of(COMMON[i])))
			return true;
	}
	return core.n < 3 || is_repeated(folded) || is_sequence(folded);
}

/* The address, what stands before its @, and the name, alone or with digits around. */
static bool is_own(str folded, const struct user *u, struct arena *a)
{
	str email = str_of(u->email);
	str local = str_sub(email, 0, str_index(email, '@'));
	str name = str_fold(a, str_of(u->name));
	str core = core_of(folded);
	return str_contains(folded, email) || (local.n >= 3 && str_eq(core, core_of(local))) ||
	       (name.n >= 3 && str_eq(core, core_of(name)));
}

bool password_check(str password, const struct user *u, err *e)
{
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, MIB);
	if (!str_is_utf8(password) || memchr(password.p ? password.p : "", 0, password.n) != NULL)
		return err_set(e, ERR_INVALID,
			       "a password is text: this holds bytes that are none");
	if (password.n > PASSWORD_BYTES_MAX)
		return err_set(e, ERR_INVALID, "a password has at most %d bytes",
			       PASSWORD_BYTES_MAX);
	if (characters(password) < PASSWORD_CHARS_MIN)
		return err_set(e, ERR_INVALID,
			       "a password has at least %d characters; a few words are easy to "
			       "remember",
			       PASSWORD_CHARS_MIN);
	str folded = str_fold(&a, password);
	if (u->email[0] != '\0' && is_own(folded, u, &a))
		return err_set(e, ERR_INVALID, "a password must not be your own name or address");
	if (is_common(folded))
		return err_set(e, ERR_INVALID,
			       "this is one of the passwords that are tried first; take another");
	return !a.over || arena_err(&a, e);
}

/* ---- hashing --------------------------------------------------------------------------------- */

static bool hashing_begin(struct auth *a, err *e)
{
	mutex_lock(&a->hashing);
	bool in = a->hashing_n < HASHING_MAX;
	if (!in && a->hashing_waiting < HASHING_WAITING_MAX) {
		int64_t until = time_monotonic_us() + HASHING_WAIT_US;
		int64_t now = until - HASHING_WAIT_US;
		a->hashing_waiting++;
		for (; a->hashing_n >= HASHING_MAX && now < until; now = time_monotonic_us())
			cond_wait_for(&a->hashing_free, &a->hashing, until - now);
		a->hashing_waiting--;
		in = a->hashing_n < HASHING_MAX;
	}
	a->hashing_n += in;
	mutex_unlock(&a->hashing);
	return in || err_set(e, ERR_BUSY, "many people are signing in; try again in a moment");
}

static void hashing_end(struct auth *a)
{
	mutex_lock(&a->hashing);
	a->hashing_n--;
	cond_signal(&a->hashing_free);
	mutex_unlock(&a->hashing);
}

bool password_hash(struct auth *a, str password, char hash_r[crypto_pwhash_STRBYTES], err *e)
{
	if (!hashing_begin(a, e))
		return false;
	memset(hash_r, 0, crypto_pwhash_STRBYTES);
	int failed = crypto_pwhash_str(hash_r, password.p, password.n,
				       crypto_pwhash_OPSLIMIT_INTERACTIVE,
				       crypto_pwhash_MEMLIMIT_INTERACTIVE);
	hashing_end(a);
	return failed == 0 || err_nomem(e);
}

/* Parameters as above; the salt and the hash are random. */
static const char NOBODYS[] = "$argon2id$v=19$m=65536,t=2,p=1$kZ0cXvXQv3pS1y9mS4nq7A$"
			      "Vb0k2m8cT1uRr9yXo5wq3JfHn6dLs7ePzAa4gQiKtEY";

bool password_verify(struct auth *a, const char *hash, str password, bool *fits_r, err *e)
{
	bool somebody = hash[0] != '\0';
	if (password.n > PASSWORD_BYTES_MAX) {
		/* Too long to be anybody's; compared with nobody's, so that it takes as long. */
		password = S("");
		somebody = false;
	}
	if (!hashing_begin(a, e))
		return false;
	bool fits = crypto_pwhash_str_verify(somebody ? hash : NOBODYS,
					     password.p ? password.p : "", password.n) == 0;
	hashing_end(a);
	*fits_r = fits && somebody;
	return true;
}
