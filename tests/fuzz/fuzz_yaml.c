/*
 * fuzz_yaml.c - any bytes as a settings file.
 */
#include "fuzz/replay.h"

#include "io/yaml.h"

#include <string.h>

static void check_tree(const struct yaml *node, int depth)
{
	CHECK(node->line >= 1 && node->column >= 1);
	CHECK(str_is_utf8(node->key));
	CHECK(depth <= YAML_DEPTH_MAX);
	if (node->kind == YAML_TEXT) {
		CHECK(str_is_utf8(node->text));
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml *item = &node->items[i];
		check_tree(item, depth + 1);
		if (node->kind == YAML_MAP && node->n < 1000)
			CHECK(yaml_get(node, item->key) == item);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	const struct yaml *root;
	err e = { 0 };
	arena_init(&a, 256 * MIB);
	if (yaml_parse((str){ (const char *)data, n }, &a, &root, &e))
		check_tree(root, 0);
	else if (n <= YAML_BYTES_MAX)
		CHECK(strncmp(e.text, "line ", 5) == 0);
	arena_fini(&a);
	return 0;
}
