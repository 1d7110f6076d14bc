enum KernelTapPlaceholder {}
