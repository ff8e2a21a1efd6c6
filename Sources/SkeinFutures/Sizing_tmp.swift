internal import CSkein

func processorCount() -> Int { max(1, Int(skein_allowed_processors())) }
