/*
 * http_clients.c - whose connection it is, and how many they have.
 *
 * What it is:   addresses as text, networks ("10.0.0.0/8"), what trusted proxies say, and a count
 *               per address where that is limited.
 * Threads:      the count is under the server's lock; all else shares nothing.
 */
#include "server/http_int.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct address {
	uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};

static struct address address_of(const struct sockaddr *sa)
{
	struct address a = { { 0 } };
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, sa, sizeof in);
		memcpy(a.bytes, &in.sin6_addr, 16);
	} else if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof in);
		a.bytes[10] = a.bytes[11] = 0xff;
		memcpy(a.bytes + 12, &in.sin_addr, 4);
	}
	return a;
}

/* "10.1.2.3", "2001:db8::1", "[2001:db8::1]"; `bits_r`: of the text's own kind. */
static bool address_read(str text, struct address *a_r, bool *v4_r)
{
	char z[INET6_ADDRSTRLEN];
	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = str_sub(text, 1, text.n - 2);
	if (text.n == 0 || text.n >= sizeof z)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	*a_r = (struct address){ { 0 } };
	*v4_r = inet_pton(AF_INET, z, a_r->bytes + 12) == 1;
	if (*v4_r) {
		a_r->bytes[10] = a_r->bytes[11] = 0xff;
		return true;
	}
	return inet_pton(AF_INET6, z, a_r->bytes) == 1;
}

void http_client_print(const struct sockaddr *sa, char text[HTTP_CLIENT_TEXT_MAX])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct address a = address_of(sa);
	text[0] = '\0';
	if (memcmp(a.bytes, mapped, sizeof mapped) == 0)
		(void)inet_ntop(AF_INET, a.bytes + 12, text, HTTP_CLIENT_TEXT_MAX);
	else
		(void)inet_ntop(AF_INET6, a.bytes, text, HTTP_CLIENT_TEXT_MAX);
}

static bool network_has(str network, const struct address *a)
{
	struct address base;
	uint64_t bits = 0;
	bool v4;
	size_t slash = str_index(network, '/');
	if (!address_read(str_sub(network, 0, slash), &base, &v4))
		return false;
	if (slash < network.n) {
		if (!num_parse_u64(str_sub(network, slash + 1, network.n), &bits) ||
		    bits > (v4 ? 32 : 128))
			return false;
	} else {
		bits = v4 ? 32 : 128;
	}
	bits += v4 ? 96 : 0;
	size_t whole = (size_t)bits / 8;
	unsigned rest = (unsigned)bits % 8;
	if (memcmp(base.bytes, a->bytes, whole) != 0)
		return false;
	unsigned mask = 0xff00U >> rest & 0xff;
	return rest == 0 || (base.bytes[whole] & mask) == (a->bytes[whole] & mask);
}

bool http_address_in(str list, str address)
{
	struct address a;
	bool v4;
	if (!address_read(address, &a, &v4))
		return false;
	while (list.n > 0) {
		size_t n = 0;
		while (n < list.n && list.p[n] != ' ' && list.p[n] != ',' && list.p[n] != '\t')
			n++;
		if (n > 0 && network_has(str_sub(list, 0, n), &a))
			return true;
		list = str_sub(list, n + 1, list.n);
	}
	return false;
}

str http_client_forwarded(str trusted, str peer, str forwarded)
{
	str client = peer;
	struct address a;
	bool v4;
	if (trusted.p == NULL)
		trusted = S(HTTP_LOOPBACK);
	/* From the right: what each proxy that we trust has appended. */
	while (forwarded.n > 0 && http_address_in(trusted, client)) {
		size_t at = forwarded.n;
		while (at > 0 && forwarded.p[at - 1] != ',')
			at--;
		str last = str_trim(str_sub(forwarded, at, forwarded.n));
		if (!address_read(last, &a, &v4))
			break;
		client = last;
		forwarded = str_sub(forwarded, 0, at > 0 ? at - 1 : 0);
	}
	return client;
}

/* An IPv6 client has a whole /64 of addresses. */
static uint64_t client_key(const struct sockaddr *sa)
{
	struct address a = address_of(sa);
	bool v4 = sa->sa_family == AF_INET || (a.bytes[10] == 0xff && a.bytes[11] == 0xff);
	return v4 ? str_hash(str_make((char *)a.bytes, 16))
		  : str_hash(str_make((char *)a.bytes, 8));
}

bool http_client_enter(struct http_server *s, const struct sockaddr *sa)
{
	size_t most = s->options.connections_per_client_max;
	uint64_t n = 0;
	if (most == 0)
		return true;
	uint64_t key = client_key(sa);
	mutex_lock(&s->lock);
	(void)map64_get(&s->clients, key, &n);
	bool ok = n < most && map64_put(&s->clients, key, n + 1);
	mutex_unlock(&s->lock);
	return ok;
}

void http_client_leave(struct http_server *s, const struct sockaddr *sa)
{
	uint64_t n = 0;
	if (s->options.connections_per_client_max == 0)
		return;
	uint64_t key = client_key(sa);
	mutex_lock(&s->lock);
	if (map64_get(&s->clients, key, &n) && n > 1)
		CHECK(map64_put(&s->clients, key, n - 1)); /* it is there: no memory is needed */
	else
		(void)map64_remove(&s->clients, key);
	mutex_unlock(&s->lock);
}
