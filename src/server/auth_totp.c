/*
 * auth_totp.c - codes of six digits that change every 30 seconds (RFC 6238, RFC 4226).
 *
 * What it is:   HMAC-SHA-1 over the number of the step. libsodium has no SHA-1, which every
 *               authenticator app expects; docs/adr/0012 says why these 50 lines and no library.
 *               What breaks SHA-1 (collisions) does not touch HMAC.
 * Promises:     a step that was used is not accepted again; one step of clock skew either way is.
 * Threads:      any.
 */
#include "server/auth_int.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

static uint32_t rol(uint32_t v, int n)
{
	return v << n | v >> (32 - n);
}

/* One block of 64 bytes (FIPS 180-4, 6.1.2). */
static void sha1_block(uint32_t h[5], const uint8_t *p)
{
	static const uint32_t K[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t w[80];
	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
		       (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (size_t i = 16; i < 80; i++)
		w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (size_t i = 0; i < 80; i++) {
		uint32_t f = i < 20		 ? (b & c) | (~b & d)
			     : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d)
						 : b ^ c ^ d;
		uint32_t t = rol(a, 5) + f + e + K[i / 20] + w[i];
		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1(const void *data, size_t n, uint8_t digest_r[20])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	const uint8_t *p = data;
	uint64_t bits = (uint64_t)n * 8;
	for (; n >= 64; p += 64, n -= 64)
		sha1_block(h, p);
	uint8_t last[128] = { 0 };
	size_t last_n = n < 56 ? 64 : 128;
	if (n > 0)
		memcpy(last, p, n);
	last[n] = 0x80;
	for (size_t i = 0; i < 8; i++)
		last[last_n - 1 - i] = (uint8_t)(bits >> (8 * i));
	for (size_t i = 0; i < last_n; i += 64)
		sha1_block(h, last + i);
	for (size_t i = 0; i < 20; i++)
		digest_r[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void hmac_sha1(const void *key, size_t key_n, const void *p, size_t n, uint8_t digest_r[20])
{
	uint8_t block[64] = { 0 };
	uint8_t inner[64 + 64];
	uint8_t outer[64 + 20];
	CHECK(n <= 64);
	if (key_n > sizeof block)
		sha1(key, key_n, block);
	else
		memcpy(block, key, key_n);
	for (size_t i = 0; i < sizeof block; i++) {
		inner[i] = block[i] ^ 0x36;
		outer[i] = block[i] ^ 0x5c;
	}
	memcpy(inner + 64, p, n);
	sha1(inner, 64 + n, outer + 64);
	sha1(outer, sizeof outer, digest_r);
	sodium_memzero(block, sizeof block);
	sodium_memzero(inner, sizeof inner);
	sodium_memzero(outer, sizeof outer);
}

uint32_t totp_code(const void *secret, size_t n, uint64_t step, int digits)
{
	uint8_t counter[8];
	uint8_t mac[20];
	uint32_t modulus = 1;
	for (size_t i = 0; i < 8; i++)
		counter[i] = (uint8_t)(step >> (8 * (7 - i)));
	hmac_sha1(secret, n, counter, sizeof counter, mac);
	size_t at = mac[19] & 15;
	uint32_t v = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
		     (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	for (int i = 0; i < digits; i++)
		modulus *= 10;
	return v % modulus;
}

uint64_t totp_match(const uint8_t secret[TOTP_SECRET_BYTES], str code, int64_t now_us,
		    uint64_t last_step)
{
	char want[16];
	uint64_t now = (uint64_t)(MAX(now_us, INT64_C(0)) / US_PER_S) / TOTP_STEP_S;
	uint64_t found = 0;
	char given[TOTP_DIGITS] = { 0 };
	size_t n = 0;
	/* "123 456" is how apps show it. */
	for (size_t i = 0; i < code.n; i++) {
		if (code.p[i] == ' ')
			continue;
		if (n == TOTP_DIGITS)
			return 0;
		given[n++] = code.p[i];
	}
	if (n != TOTP_DIGITS)
		return 0;
	for (uint64_t step = now > 0 ? now - 1 : 0; step <= now + 1; step++) {
		snprintf(want, sizeof want, "%06u",
			 (unsigned)totp_code(secret, TOTP_SECRET_BYTES, step, TOTP_DIGITS));
		if (sodium_memcmp(want, given, TOTP_DIGITS) == 0 && step > last_step)
			found = step;
	}
	return found;
}

static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

str base32_print(char text[BASE32_TEXT_MAX], const uint8_t *p, size_t n)
{
	size_t out = 0;
	CHECK(n * 8 / 5 + 1 < BASE32_TEXT_MAX);
	for (size_t bit = 0; bit < n * 8; bit += 5) {
		unsigned pair = (unsigned)p[bit / 8] << 8 | (bit / 8 + 1 < n ? p[bit / 8 + 1] : 0u);
		text[out++] = BASE32[pair >> (11 - bit % 8) & 31];
	}
	text[out] = '\0';
	return str_make(text, out);
}

bool base32_read(str text, uint8_t *p, size_t n)
{
	if (text.n != (n * 8 + 4) / 5)
		return false;
	memset(p, 0, n);
	for (size_t i = 0; i < text.n; i++) {
		const char *at = memchr(BASE32, text.p[i], 32);
		if (at == NULL)
			return false;
		unsigned v = (unsigned)(at - BASE32) << (11 - i * 5 % 8);
		p[i * 5 / 8] |= (uint8_t)(v >> 8);
		if (i * 5 / 8 + 1 < n)
			p[i * 5 / 8 + 1] |= (uint8_t)v;
	}
	return true;
}

static void put_escaped(struct buf *b, str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
		if (plain)
			buf_byte(b, (uint8_t)c);
		else
			buf_printf(b, "%%%02X", (unsigned)(uint8_t)c);
	}
}

str totp_uri(struct arena *a, str issuer, str email, const uint8_t secret[TOTP_SECRET_BYTES])
{
	char text[BASE32_TEXT_MAX];
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 8 * KIB);
	buf_cstr(&b, "otpauth://totp/");
	put_escaped(&b, issuer);
	buf_byte(&b, ':');
	put_escaped(&b, email);
	buf_cstr(&b, "?secret=");
	buf_str(&b, base32_print(text, secret, TOTP_SECRET_BYTES));
	buf_cstr(&b, "&issuer=");
	put_escaped(&b, issuer);
	return str_dup(a, buf_view(&b));
}
