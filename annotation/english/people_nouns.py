"""What people are called in captions: nouns, and which of them can mean the same person. Data and pure functions."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """gender: "m", "f" or "" (either). age: "adult", "child" or "" (either). role: what they do, "" if nothing."""

    gender: str = ""
    age: str = ""
    role: str = ""


_KINDS: dict[Kind, str] = {
    Kind("m", "adult"): "man gentleman guy bloke dude lad",
    Kind("f", "adult"): "woman lady",
    Kind("m", "child"): "boy",
    Kind("f", "child"): "girl",
    Kind("", "child"): "child kid schoolchild toddler baby infant",
    Kind("", ""): "person individual human male female teenager teen youngster youth adolescent",
    Kind("", "adult"): "adult grown-up",
}
_MEN = "policeman fireman cameraman fisherman salesman waiter actor groom prince businessman"
_WOMEN = "policewoman waitress actress bride ballerina saleswoman princess nun cheerleader businesswoman"
_ROLES = """
    player dancer athlete runner sprinter jogger swimmer diver gymnast performer worker chef cook baker barista
    bartender
    teacher student pupil coach instructor trainer trainee referee umpire officer soldier firefighter nurse doctor
    surgeon dentist patient barber hairdresser stylist customer client cashier vendor seller clown magician drummer
    guitarist singer musician pianist violinist cellist conductor climber hiker skater skateboarder skier snowboarder
    surfer cyclist biker rider jockey boxer wrestler fighter judoka karateka fencer bowler batter pitcher catcher
    goalkeeper goalie striker defender kicker opponent partner driver farmer gardener painter carpenter mechanic builder
    electrician plumber welder potter fisher guard lifeguard presenter speaker host acrobat juggler golfer archer
    lifter weightlifter rower paddler kayaker sailor shooter thrower hurdler server receiver dribbler
    shopper tourist pedestrian passenger commuter cleaner janitor model artist photographer cameraperson hunter
    cowboy cowgirl astronaut priest monk judge scientist pilot porter courier tailor butcher florist masseur masseuse
    therapist physiotherapist paramedic helper assistant attendant colleague friend neighbour neighbor teammate spotter
    mother father mum mom dad parent grandmother grandfather grandma grandpa brother sister son daughter wife husband
    uncle aunt twin sibling member participant volunteer candidate contestant competitor camper scout caddie
    bridesmaid usher cop pirate warrior
    samurai mime cadet marine midfielder quarterback linebacker keeper captain receptionist secretary salesperson clerk
    shopkeeper blacksmith glassblower weaver seamstress shoemaker sculptor rapper trumpeter saxophonist flutist flautist
    accordionist harpist bassist keyboardist percussionist reporter journalist interviewer guest visitor roommate
    classmate newlywed senior elder pensioner motorcyclist vaulter breakdancer contortionist walker rescuer victim
    attacker assailant lumberjack miner medic thief burglar mover signer knitter sweeper harvester picker fielder setter
    spiker blocker curler bobsledder biathlete triathlete decathlete canoeist snorkeler snorkeller bungee-jumper
    stuntperson chaperone caregiver carer nanny babysitter sitter preschooler schoolgirl schoolboy tween grandparent
    grandson granddaughter grandchild newborn cousin nephew niece rabbi imam dj illusionist puppeteer
    lawyer attorney barrister solicitor advocate prosecutor defendant prisoner inmate juror bailiff mayor minister
    president politician senator diplomat ambassador accountant banker engineer technician architect surveyor inspector
    detective sergeant lieutenant colonel deckhand beekeeper shepherd butler maid housekeeper caretaker bouncer bellhop
    steward stewardess hostess priestess midwife pharmacist optician veterinarian zookeeper jeweller jeweler goldsmith
    cobbler tiler roofer bricklayer mason glazier locksmith woodcarver engraver upholsterer calligrapher cartoonist poet
    novelist writer author librarian lecturer professor tutor preacher bishop pastor vicar friar deacon pilgrim beggar
    hitchhiker backpacker trekker mountaineer windsurfer kitesurfer skydiver parachutist unicyclist bicyclist motorist
    trucker racer bodybuilder powerlifter yogi chiropractor beautician manicurist tattooist hairstylist sommelier brewer
    grocer greengrocer fishmonger stallholder auctioneer croupier messenger woodcutter archaeologist geologist biologist
    chemist physicist researcher astronomer botanist commentator announcer newsreader broadcaster podcaster vlogger
    gamer busker spokesperson chairperson
    soprano tenor baritone diva vet toreador matador co-pilot copilot co-driver navigator apprentice granny gran
    grandad auntie lass chap fellow postie official recruit intern employee manager boss owner diner eater smoker
    sleeper luthier bassoonist tubist timpanist skipper bosun gondolier acolyte cantor verger trombonist
    lifesaver labourer laborer winner loser runner-up champion cox coxswain helmsperson guide ranger
    knight king queen emperor valet chauffeur violist bagpiper fiddler piper bugler harpsichordist organist docker
    stevedore farmhand stagehand stonemason stonecutter woodworker crofter prompter conservator restorer curator
    docent appraiser bidder trapezist tightrope-walker stilt-walker fortune-teller storyteller ventriloquist
    ringmaster tamer trapper ferrier farrier saddler cooper tanner dyer spinner basketmaker clockmaker watchmaker
    chandler turner joiner plasterer paver roadworker linesman signaller dispatcher operator driller digger logger
    forager picnicker birdwatcher angler canoer rafter caver abseiler boulderer slackliner paraglider cyclocrosser
    bather sunbather paddleboarder wakeboarder toboggannist sledder reader listener scholar freshman graduate
    invigilator examiner scorer scorekeeper timekeeper marshal acupuncturist radiographer anaesthetist
    hygienist dietician nutritionist physio hawker peddler pedlar pickpocket robber hostage hooligan
    protester protestor demonstrator voter santa elf witch wizard fairy angel zombie vampire superhero ninja viking
    gladiator jester cupbearer bodyguard doorman concierge stallkeeper innkeeper barkeeper landlady landlord tenant
    lodger stepmother stepfather godmother godfather bridegroom fiance fiancee girlfriend boyfriend
    footballer cricketer basketballer netballer
    instrumentalist pitchman oboist clarinettist clarinetist choreographer cosplayer mascot
"""
_WATCHERS = "spectator onlooker bystander passer-by passerby watcher viewer observer"
_STEMS = ("", "wo", "police", "fire", "camera", "fisher", "sales", "gentle")
_IRREGULAR = {
    **{f"{stem}men": f"{stem}man" for stem in _STEMS},
    "policewomen": "policewoman",
    "saleswomen": "saleswoman",
    "businessmen": "businessman",
    "children": "child",
    "people": "person",
    "schoolchildren": "schoolchild",
    "passers-by": "passer-by",
    "passersby": "passerby",
    "ladies": "lady",
    "babies": "baby",
    "grown-ups": "grown-up",
    "wives": "wife",
    "businesswomen": "businesswoman",
    "coaches": "coach",
    "waitresses": "waitress",
    "actresses": "actress",
}

NOUNS: dict[str, Kind] = {noun: kind for kind, nouns in _KINDS.items() for noun in nouns.split()}
NOUNS |= {noun: Kind("m", "adult", noun) for noun in _MEN.split()}
NOUNS |= {noun: Kind("f", "adult", noun) for noun in _WOMEN.split()}
NOUNS |= {noun: Kind("", "", noun) for noun in _ROLES.split()}
_OR_THINGS = """
    speaker trainer boxer bishop king queen knight thrower pitcher batter server runner walker sweeper bouncer curler
    setter blocker striker picker mover shooter receiver model bowler mascot harvester spinner turner driller digger
    diner reader angel fairy tenor baritone soprano viking ninja santa wizard zombie superhero keeper cooper racer
"""
OR_THINGS = frozenset(_OR_THINGS.split())
"""Callings that a chess piece, a tool, an animal or a shoe has as well: "a pitcher of water"."""
COMPLETE = frozenset(("duo", "trio", "quartet"))
"""Nobody else belongs to them."""
TOGETHER = {"couple": 2, "duo": 2, "trio": 3, "quartet": 4}
"""One noun for so many people."""
NOUNS |= {noun: Kind("", "", noun) for noun in TOGETHER}
NOUNS |= {"male": Kind("m"), "female": Kind("f"), "policeman": Kind("m", "adult", "officer")}
NOUNS |= {"policewoman": Kind("f", "adult", "officer"), "cowboy": Kind("m", "", "cowboy")}
NOUNS |= {noun: Kind("f", "adult", noun) for noun in ("mother", "mum", "mom", "grandmother", "grandma", "wife", "aunt")}
NOUNS |= {noun: Kind("m", "adult", noun) for noun in ("father", "dad", "grandfather", "grandpa", "husband", "uncle")}
NOUNS |= {noun: Kind("m", "", noun) for noun in ("brother", "son")}
NOUNS |= {noun: Kind("f", "", noun) for noun in ("sister", "daughter")}
WATCHERS = frozenset(_WATCHERS.split())
NOUNS |= {noun: Kind("", "", "watcher") for noun in WATCHERS}

GENERIC = frozenset(("person", "individual", "human"))


_COMPOUND = re.compile(
    r"(?!snow|ger|hu|ro|otto|talis|nor|bat|super|wo|cay|abdo|speci|regi|acu|sta|lu|ye|no|cere)"
    r"[a-z]{3,}(?:wo)?m[ae]n(?<!omen)|[a-z]{3,}women"
)
"""Craftsman, horsewomen: what ends so is somebody, with exceptions."""
_CALLING = re.compile(
    r"(?!tall|low|high|coffee|ice|pace|noise|rain|scooby)[a-z]{2,}-?"
    r"(?:maker|worker|smith|monger|girl|boy|lady|person|fighter|player|seller|dancer|singer|minder|herder|catcher)"
)
"""Bellmaker, flower-girl."""


def kind_of(noun: str) -> Kind:
    """A noun that is listed nowhere is a craftsman or a flower-girl."""
    known = NOUNS.get(noun)
    if known or not noun.endswith(("man", "men", "girl", "lady", "boy")):
        return known or Kind("", "", noun)
    return Kind("f" if noun.endswith(("woman", "girl", "lady")) else "m", "" if noun[-1] in "ly" else "adult", noun)


def singular(word: str) -> tuple[str, bool] | None:
    """The noun in the singular and whether it stood in the plural, or None for a word that means nobody."""
    word = word.casefold()
    if word in NOUNS:
        return word, False
    if word in _IRREGULAR:
        return _IRREGULAR[word], True
    if _COMPOUND.fullmatch(word):
        return (word, False) if word.endswith("man") else (word[:-2] + "an", True)
    if _CALLING.fullmatch(word.removesuffix("s")):
        return word.removesuffix("s"), word.endswith("s")
    if word == "persons" or (word.endswith("s") and word[:-1] in NOUNS):
        return word[:-1], True
    return None


def may_be(noun: str, other: str) -> bool:
    """Whether "the NOUN" can mean somebody who was introduced as OTHER: a boy is a child, a man is no boy."""
    if noun == other or noun in GENERIC:
        return True
    asked, told = kind_of(noun), kind_of(other)
    if noun in ("toddler", "baby", "infant") or other in ("toddler", "baby", "infant"):
        return noun in ("child", "kid") or {noun, other} == {"baby", "infant"}
    if asked.role:
        return asked.role == told.role and asked.gender in ("", told.gender)
    if asked.gender and asked.gender != told.gender:
        return False
    if asked.age:
        return asked.age == told.age
    return asked.gender == told.gender if asked.gender else noun == other


def may_join(group: str, member: str) -> bool:
    """Whether one of several GROUPs can be called MEMBER: "two pupils, a boy and a girl"."""
    one, other = kind_of(group), kind_of(member)
    return not differ(group, member) and (not one.role or not other.role or one.role == other.role)


def differ(noun: str, other: str) -> bool:
    """Whether one person cannot be both."""
    first, second = kind_of(noun), kind_of(other)
    return any(a and b and a != b for a, b in ((first.gender, second.gender), (first.age, second.age)))
