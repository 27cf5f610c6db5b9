/*
 * auth_tokens.c - tokens that nobody can guess, and what is kept of them.
 *
 * What it is:   32 random bytes as text; what is kept is their BLAKE2b hash, which is as good as
 *               the token for comparing and worth nothing to who reads it.
 * Threads:      any.
 */
#include "server/auth_int.h"

#include "base/rand.h"

#include <string.h>

void token_make(const char *prefix, char text_r[TOKEN_TEXT_MAX], uint8_t hash_r[HASH_BYTES])
{
	uint8_t bytes[TOKEN_BYTES];
	size_t n = strlen(prefix);
	CHECK(n + sodium_base64_ENCODED_LEN(TOKEN_BYTES,
					    sodium_base64_VARIANT_URLSAFE_NO_PADDING) <=
	      TOKEN_TEXT_MAX);
	rand_bytes(bytes, sizeof bytes);
	memcpy(text_r, prefix, n);
	sodium_bin2base64(text_r + n, TOKEN_TEXT_MAX - n, bytes, sizeof bytes,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof bytes);
	token_hash(str_of(text_r), hash_r);
}

void token_hash(str token, uint8_t hash_r[HASH_BYTES])
{
	crypto_generichash(hash_r, HASH_BYTES, (const uint8_t *)token.p, token.n, NULL, 0);
}

bool token_is(str token, const uint8_t hash[HASH_BYTES])
{
	uint8_t given[HASH_BYTES];
	token_hash(token, given);
	return sodium_memcmp(given, hash, HASH_BYTES) == 0;
}

str token_print(struct arena *a, const void *p, size_t n)
{
	size_t max = sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = arena_alloc(a, max);
	if (text == NULL)
		return S("");
	sodium_bin2base64(text, max, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return str_of(text);
}

bool token_read(str text, void *p, size_t n)
{
	size_t got = 0;
	return text.p != NULL &&
	       sodium_base642bin(p, n, text.p, text.n, NULL, &got, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       got == n;
}
