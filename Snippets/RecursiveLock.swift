// A walk over a tree takes the lock at every level, and all levels see one state.

import SkeinSync

struct Folder: Sendable {
  var name: String
  var folders: [Folder] = []
}

let visited = RecursiveLock([String](), name: "visited")

@Sendable func walk(_ folder: Folder) {
  visited.withLock { held in
    held.state.append(folder.name)
    folder.folders.forEach(walk)
  }
}

walk(Folder(name: "/", folders: [Folder(name: "etc"), Folder(name: "usr", folders: [Folder(name: "lib")])]))
print(visited.withLock { $0.state })

// The thread that holds the lock gets it again from every form; another one would get nil here.
visited.withLock { outer in
  let count = visited.tryLock { inner in inner.state.count }
  print("\(count ?? 0) of \(outer.state.count) seen")
}
