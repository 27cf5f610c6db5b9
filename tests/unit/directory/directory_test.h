/*
 * directory_test.h - a data directory, a reader that follows it, and a directory over that reader.
 */
#ifndef TRICHTER_DIRECTORY_TEST_H
#define TRICHTER_DIRECTORY_TEST_H

#include "world.h"

#include "base/rand.h"
#include "directory/directory_int.h"

#define DAY(n) ((int64_t)(20000 + (n)) * US_PER_DAY)

struct pair {
	struct world w;
	struct snapshot *s;
	struct directory *d;
	struct rng rng;
	struct arena a;
};

UNUSED static void pair_init(struct pair *p, uint64_t seed)
{
	*p = (struct pair){ 0 };
	world_init(&p->w);
	rng_init(&p->rng, seed);
	arena_init(&p->a, 512 * MIB);
	WORLD_OK(&p->w, snapshot_open_live(p->w.dir, &p->s, &p->w.e));
	WORLD_OK(&p->w, directory_new(&p->d, &p->w.e));
}

UNUSED static void pair_fini(struct pair *p)
{
	directory_free(&p->d);
	snapshot_close(&p->s);
	arena_fini(&p->a);
	world_fini(&p->w);
}

UNUSED static void refresh(struct pair *p)
{
	bool reopened;
	WORLD_OK(&p->w, snapshot_refresh(&p->s, NULL, NULL, &reopened, &p->w.e));
}

#endif
