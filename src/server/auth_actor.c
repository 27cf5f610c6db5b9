/*
 * auth_actor.c - who asks: by the session's cookie or by a secret key.
 *
 * What it is:   called for every request before its handler. A header with credentials goes before
 *               a cookie; credentials that are wrong are refused, not ignored.
 * Promises:     a page of another site can make a browser send nothing that changes anything: the
 *               cookie is SameSite=Strict, the page's origin is looked at, and a request that
 *               changes something needs the token that only our own page can read.
 * Threads:      any; never waits.
 */
#include "server/auth_actor_int.h"

#include "server/http_int.h"

#include <string.h>

#define KEY_TEXT_MAX 256

bool request_is_safe(const struct request *q)
{
	str method = http_method(q->http);
	return str_eq(method, S("GET")) || str_eq(method, S("HEAD")) ||
	       str_eq(method, S("OPTIONS"));
}

/* ---- from which page ------------------------------------------------------------------------- */

/* "https://host:port" against the name under which we were asked. */
static bool origin_is_ours(str origin, str host)
{
	str rest = origin;
	if (str_starts(rest, S("https://")))
		rest = str_sub(rest, 8, rest.n);
	else if (str_starts(rest, S("http://")))
		rest = str_sub(rest, 7, rest.n);
	else
		return false;
	return host.n > 0 && str_eq_nocase(rest, host);
}

static bool page_is_ours(struct request *q, err *e)
{
	str site = http_header(q->http, S("Sec-Fetch-Site"));
	str origin = http_header(q->http, S("Origin"));
	bool ok = true;
	if (origin.p != NULL)
		ok = origin_is_ours(origin, http_header(q->http, S("Host")));
	if (site.p != NULL)
		ok = ok && (str_eq(site, S("same-origin")) || str_eq(site, S("none")));
	return ok || err_set(e, ERR_DENIED, "This request comes from a page of another site");
}

/* ---- the session's token against forged requests --------------------------------------------- */

str csrf_of(struct arena *arena, str token)
{
	uint8_t mac[HASH_BYTES];
	static const char WHAT[] = "trichter csrf";
	CHECK(token.n <= crypto_generichash_KEYBYTES_MAX);
	crypto_generichash(mac, sizeof mac, (const uint8_t *)WHAT, sizeof WHAT - 1,
			   (const uint8_t *)token.p, token.n);
	return token_print(arena, mac, sizeof mac);
}

static bool csrf_fits(struct request *q, str token, err *e)
{
	str want = csrf_of(q->arena, token);
	str given = http_header(q->http, S("X-CSRF-Token"));
	if (want.n > 0 && given.n == want.n && sodium_memcmp(want.p, given.p, want.n) == 0)
		return true;
	return err_set(e, ERR_DENIED,
		       "The header X-CSRF-Token is missing or belongs to another session");
}

/* ---- who ------------------------------------------------------------------------------------- */

/* One that stands there twice was planted by somebody: neither is believed. */
str session_cookie(const struct http_request *r)
{
	str name = http_is_secure(r) ? S(COOKIE_SECURE) : S(COOKIE_PLAIN);
	str all = http_header(r, S("Cookie"));
	str token = http_cookie(r, name);
	if (token.p == NULL || token.p < all.p || token.p > all.p + all.n)
		return S("");
	str rest = str_sub(all, (size_t)(token.p - all.p) + token.n, all.n);
	return http_cookie_find(str_sub(rest, 1, rest.n), name).p == NULL ? token : S("");
}

static bool by_session(struct request *q, err *e)
{
	str token = session_cookie(q->http);
	struct session s;
	struct user u;
	if (!session_find(q->server->auth, token, time_now_us(), &s, &u))
		return true;
	q->actor = (struct actor){
		.user = u.id,
		.may = role_may(u.role),
		.name = str_printf(q->arena, "user:%llu", (unsigned long long)u.id),
		.display = str_dup(q->arena, str_of(u.name)),
		.session = s.id,
	};
	if (q->arena->over)
		return arena_err(q->arena, e);
	return request_is_safe(q) || q->route->may == MAY_ANYONE || csrf_fits(q, token, e);
}

/* "Bearer KEY", or Basic with the key as user and no password. */
static bool key_given(str header, char text[KEY_TEXT_MAX], str *key_r)
{
	size_t n = 0;
	if (str_starts(header, S("Bearer "))) {
		*key_r = str_trim(str_sub(header, 7, header.n));
		return true;
	}
	str basic = str_trim(str_sub(header, 6, header.n));
	if (!str_starts(header, S("Basic ")) ||
	    sodium_base642bin((uint8_t *)text, KEY_TEXT_MAX, basic.p, basic.n, NULL, &n, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	*key_r = str_make(text, n);
	key_r->n = str_index(*key_r, ':');
	return true;
}

static bool by_key(struct request *q, str header, err *e)
{
	char text[KEY_TEXT_MAX];
	str given = S("");
	struct key k;
	bool ok = key_given(header, text, &given) && auth_key_find(q->server->auth, given, &k) &&
		  k.secret;
	sodium_memzero(text, sizeof text);
	if (!ok)
		return problem_with(q, e, 401,
				    "The key is unknown or revoked, or it is a write key");
	q->actor = (struct actor){
		.key = k.id,
		.may = k.may,
		.name = str_printf(q->arena, "key:%llu", (unsigned long long)k.id),
		.display = str_dup(q->arena, str_of(k.name)),
	};
	return !q->arena->over || arena_err(q->arena, e);
}

bool auth_actor(struct request *q, err *e)
{
	str header = http_header(q->http, S("Authorization"));
	bool api = str_starts(http_path(q->http), S("/api/"));
	q->actor = (struct actor){ 0 };
	/* Collecting has its own keys; pages and assets are everybody's. */
	if (!api && q->route->may == MAY_ANYONE)
		return true;
	if (header.p != NULL)
		return by_key(q, header, e);
	if (api && !request_is_safe(q) && !page_is_ours(q, e))
		return false;
	return by_session(q, e);
}

void device_read(struct request *q, struct device *d_r)
{
	device_of(http_header(q->http, S("User-Agent")), d_r->name);
	network_of(http_client(q->http), d_r->network);
}

void audit_request(struct request *q, const char *what, uint64_t user, str by, str detail)
{
	struct device d;
	device_read(q, &d);
	audit_write(q->server->auth, &(struct audit_note){ .what = what,
							   .user = user,
							   .by = by,
							   .detail = detail,
							   .network = str_of(d.network),
							   .device = str_of(d.name) });
}

void cookie_set(struct request *q, str token)
{
	bool secure = http_is_secure(q->http);
	long long seconds = token.n > 0 ? (long long)(SESSION_LIFE_US / US_PER_S) : 0;
	str text = str_printf(q->arena,
			      "%s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
			      secure ? COOKIE_SECURE : COOKIE_PLAIN, STR_ARG(token), seconds,
			      secure ? "; Secure" : "");
	if (text.p != NULL)
		http_answer_header(q->http, "Set-Cookie", text);
}
