// Who defines a job needs these as well: `Nothing` and the defaults of `RemoteWork`, `RetryPolicy` and `PermanentError`.
@_exported public import SkeinResilience
@_exported public import SkeinWork
