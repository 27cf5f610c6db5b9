/*
 * auth_throttle.c - delays that grow with each failed sign-in.
 *
 * What it is:   three counts for each attempt: of the account from this network, of the account
 *               from anywhere, of the network. The first is strict; the second stays short and does
 *               not count where the account has signed in before, so that strangers lock nobody
 *               out; the third stops those who try many accounts.
 * Promises:     a fixed amount of memory; an account that does not exist counts like any other; an
 *               attempt counts when it begins, so that many at once are no way around.
 * Threads:      any.
 */
#include "server/auth_int.h"

#include "base/rand.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define FORGET_US (24 * 3600 * US_PER_S)

static const struct {
	uint32_t free; /* so many cost nothing */
	int64_t wait_us_max;
} LIMITS[] = {
	[THROTTLE_PAIR] = { 5, 900 * US_PER_S },
	[THROTTLE_ACCOUNT] = { 30, 30 * US_PER_S },
	[THROTTLE_NETWORK] = { 60, 300 * US_PER_S },
};

void throttle_init(struct throttle *t)
{
	memset(t->slots, 0, sizeof t->slots);
	mutex_init(&t->lock);
	t->salt = rand_u64();
}

void throttle_fini(struct throttle *t)
{
	mutex_fini(&t->lock);
}

/* Keyed, so that nobody can choose accounts that share a slot with another's. */
static uint64_t key_of(const struct throttle *t, enum throttle_kind kind, str account, str network)
{
	uint8_t hash[16];
	uint8_t salt[16] = { (uint8_t)kind };
	uint64_t key;
	crypto_generichash_state state;
	memcpy(salt + 8, &t->salt, sizeof t->salt);
	crypto_generichash_init(&state, salt, sizeof salt, sizeof hash);
	if (kind != THROTTLE_NETWORK)
		crypto_generichash_update(&state, (const uint8_t *)account.p, account.n);
	crypto_generichash_update(&state, (const uint8_t *)"\n", 1);
	if (kind != THROTTLE_ACCOUNT)
		crypto_generichash_update(&state, (const uint8_t *)network.p, network.n);
	crypto_generichash_final(&state, hash, sizeof hash);
	memcpy(&key, hash, sizeof key);
	return key | 1;
}

/* The slot of a key, or the one of its row that was quiet for longest. */
static struct throttle_slot *slot_of(struct throttle *t, uint64_t key)
{
	size_t row = (size_t)(key >> 1) % (THROTTLE_SLOTS / THROTTLE_WAYS) * THROTTLE_WAYS;
	struct throttle_slot *oldest = &t->slots[row];
	for (size_t i = 0; i < THROTTLE_WAYS; i++) {
		struct throttle_slot *slot = &t->slots[row + i];
		if (slot->key == key)
			return slot;
		if (slot->key == 0 || (oldest->key != 0 && slot->last_us < oldest->last_us))
			oldest = slot;
	}
	*oldest = (struct throttle_slot){ .key = key };
	return oldest;
}

static int64_t wait_of(const struct throttle_slot *slot, enum throttle_kind kind, int64_t now_us)
{
	if (slot->failures < LIMITS[kind].free)
		return 0;
	uint32_t over = MIN(slot->failures - LIMITS[kind].free, 20u);
	int64_t wait = MIN(US_PER_S << over, LIMITS[kind].wait_us_max);
	return MAX(slot->last_us + wait - now_us, INT64_C(0));
}

int64_t throttle_begin(struct throttle *t, str account, str network, int64_t now_us)
{
	int64_t wait = 0;
	mutex_lock(&t->lock);
	struct throttle_slot *slots[ARRAY_LEN(LIMITS)];
	for (size_t i = 0; i < ARRAY_LEN(LIMITS); i++) {
		slots[i] = slot_of(t, key_of(t, (enum throttle_kind)i, account, network));
		if (now_us - slots[i]->last_us > FORGET_US)
			slots[i]->failures = 0;
		bool counts = i != THROTTLE_ACCOUNT || !slots[THROTTLE_PAIR]->trusted;
		if (counts)
			wait = MAX(wait, wait_of(slots[i], (enum throttle_kind)i, now_us));
	}
	for (size_t i = 0; wait == 0 && i < ARRAY_LEN(LIMITS); i++) {
		slots[i]->failures++;
		slots[i]->last_us = now_us;
	}
	mutex_unlock(&t->lock);
	return wait;
}

void throttle_ok(struct throttle *t, str account, str network)
{
	mutex_lock(&t->lock);
	struct throttle_slot *pair = slot_of(t, key_of(t, THROTTLE_PAIR, account, network));
	pair->failures = 0;
	pair->trusted = true;
	slot_of(t, key_of(t, THROTTLE_ACCOUNT, account, network))->failures = 0;
	/* Who signs in often is no attacker, but one good account is no licence to try others. */
	struct throttle_slot *slot = slot_of(t, key_of(t, THROTTLE_NETWORK, account, network));
	slot->failures -= slot->failures > 0;
	mutex_unlock(&t->lock);
}

str network_of(str address, char text[NETWORK_TEXT_MAX])
{
	char copy[INET6_ADDRSTRLEN] = { 0 };
	uint8_t ip[16];
	memcpy(copy, address.p ? address.p : "", MIN(address.n, sizeof copy - 1));
	int n = 0;
	if (inet_pton(AF_INET, copy, ip) == 1) {
		n = snprintf(text, NETWORK_TEXT_MAX, "%u.%u.%u.0/24", ip[0], ip[1], ip[2]);
	} else if (inet_pton(AF_INET6, copy, ip) == 1) {
		static const uint8_t MAPPED[12] = { [10] = 0xff, [11] = 0xff };
		if (memcmp(ip, MAPPED, sizeof MAPPED) == 0) {
			n = snprintf(text, NETWORK_TEXT_MAX, "%u.%u.%u.0/24", ip[12], ip[13],
				     ip[14]);
		} else {
			memset(ip + 6, 0, 10);
			CHECK(inet_ntop(AF_INET6, ip, copy, sizeof copy) != NULL);
			n = snprintf(text, NETWORK_TEXT_MAX, "%s/48", copy);
		}
	} else {
		n = snprintf(text, NETWORK_TEXT_MAX, "unknown");
	}
	return str_make(text, (size_t)n);
}
