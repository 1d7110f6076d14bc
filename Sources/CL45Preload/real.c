/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "preload.h"
#include "real.h"

#include <dlfcn.h>

struct real real_table;

void real_find(void)
{
	/* dlsym gives an object pointer where C wants a function pointer; POSIX says that they convert. */
#define REAL_FIND(type, name, arguments)                                                                              \
	do {                                                                                                           \
		void *found = dlsym(RTLD_NEXT, #name);                                                                 \
		memcpy(&real_table.name, &found, sizeof(found));                                                       \
	} while (0);
	REAL_FUNCTIONS(REAL_FIND)
#undef REAL_FIND
	__atomic_store_n(&real_table.ready, 1, __ATOMIC_RELEASE);
}
