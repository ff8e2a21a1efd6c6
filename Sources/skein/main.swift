import SkeinCommand

await SkeinCommand.main()
