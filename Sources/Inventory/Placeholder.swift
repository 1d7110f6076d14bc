import GRDB
enum P { static func x() throws { _ = try DatabaseQueue() } }
