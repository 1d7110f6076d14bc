import ArgumentParser
import ServiceLifecycle
print("hi")
