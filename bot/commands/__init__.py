"""What each `watchline` command does. Imported when the command is called, so that `version` stays quick."""
