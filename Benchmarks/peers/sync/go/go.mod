module sync-peer

go 1.19
