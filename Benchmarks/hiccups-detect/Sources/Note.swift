import Foundation

/// What went wrong, for whoever looks into it: standard error.
func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
