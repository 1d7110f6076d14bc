// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "../Sources/CL45Core/coding.c"
