/// Which tap an agent is to use.
package enum TapChoice: String, Hashable, Sendable, CaseIterable {
    /// The kernel's where l45.ko is loaded and may be used, else the user-space one.
    case auto
    case kernel
    case preload

    /// Opens the tap.
    /// - Parameters:
    ///   - folder: of the user-space tap.
    ///   - locksFolder: of the kernel tap.
    ///   - passedOver: told why `auto` did not take the kernel's, where a module is there that could have been.
    /// - Throws: `TapError`. What stands in the way of a tap that was asked for by name, and of the last one left.
    package func open(
        folder: String, locksFolder: String, passedOver: (TapError) -> Void = { _ in }
    ) throws(TapError) -> OpenTap {
        switch self {
        case .preload: return .preload(try PreloadTap(folder: folder))
        case .kernel: return .kernel(try NetlinkTap(locksFolder: locksFolder))
        case .auto:
            do { return .kernel(try NetlinkTap(locksFolder: locksFolder)) } catch {
                switch error {
                case .moduleMissing: break
                // Another agent has the kernel's: a second one beside it, on another tap, is not what anybody asked for.
                case .kernelTapBusy: throw error
                default: passedOver(error)
                }
            }
            return .preload(try PreloadTap(folder: folder))
        }
    }
}

/// One of the taps that an agent can drive.
package enum OpenTap: Sendable {
    case kernel(NetlinkTap)
    case preload(PreloadTap)
}
