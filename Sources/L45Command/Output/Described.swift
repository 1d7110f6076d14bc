import L45Model

/// One thing with what belongs to it: what `describe` shows, and to programs one object, with the thing under its kind.
enum Described: Sendable {
    case device(DeviceView, modules: [ModuleView], events: [EventView])
    case intent(
        IntentView, rollouts: [RolloutView], modules: [ModuleView], paths: [PathView], events: [EventView])
    case module(ModuleView)
    case path(PathView, events: [EventView])
    case posture(PostureView, events: [EventView])
    case middlebox(MiddleboxView)
    case alert(AlertView, events: [EventView])
    case source(SourceView, events: [EventView])

    /// `device/ID`, as `get -o name` says it.
    var name: String {
        switch self {
        case .device(let device, _, _): "device/\(device.id)"
        case .intent(let intent, _, _, _, _): "intent/\(intent.name)"
        case .module(let module): "module/\(module.id)"
        case .path(let path, _): "path/\(path.device)/\(path.name)"
        case .posture(let posture, _): "posture/\(posture.name)"
        case .middlebox(let box): "middlebox/\(box.name)"
        case .alert(let alert, _): "alert/\(alert.id)"
        case .source(let source, _): "source/\(source.name)"
        }
    }

    func text(now: Timestamp, _ palette: Palette) -> String {
        switch self {
        case .device(let device, let modules, let events):
            DescribeDevice.text(device, modules: modules, events: events, now: now, palette)
        case .intent(let intent, let rollouts, let modules, let paths, let events):
            DescribeIntent.text(
                intent, rollouts: rollouts, modules: modules, paths: paths, events: events, now: now, palette)
        case .module(let module): DescribeModule.text(module, now: now, palette)
        case .path(let path, let events): DescribePath.text(path, events: events, now: now, palette)
        case .middlebox(let box): DescribeMiddlebox.text(box, palette)
        case .posture(let posture, let events): DescribePosture.text(posture, events: events, now: now, palette)
        case .alert(let alert, let events): DescribeAlert.text(alert, events: events, now: now, palette)
        case .source(let source, let events): DescribeSource.text(source, events: events, now: now, palette)
        }
    }
}

extension Described: Encodable {
    private enum Key: String, CodingKey {
        case device, intent, module, path, posture, middlebox, alert, source, modules, rollouts, paths, events
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .device(let device, let modules, let events):
            try container.encode(device, forKey: .device)
            try container.encode(modules, forKey: .modules)
            try container.encode(events, forKey: .events)
        case .intent(let intent, let rollouts, let modules, let paths, let events):
            try container.encode(intent, forKey: .intent)
            try container.encode(rollouts, forKey: .rollouts)
            try container.encode(modules, forKey: .modules)
            try container.encode(paths, forKey: .paths)
            try container.encode(events, forKey: .events)
        case .module(let module): try container.encode(module, forKey: .module)
        case .middlebox(let box): try container.encode(box, forKey: .middlebox)
        case .path(let path, let events):
            try container.encode(path, forKey: .path)
            try container.encode(events, forKey: .events)
        case .posture(let posture, let events):
            try container.encode(posture, forKey: .posture)
            try container.encode(events, forKey: .events)
        case .alert(let alert, let events):
            try container.encode(alert, forKey: .alert)
            try container.encode(events, forKey: .events)
        case .source(let source, let events):
            try container.encode(source, forKey: .source)
            try container.encode(events, forKey: .events)
        }
    }
}
