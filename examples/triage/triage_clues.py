"""What gives a mail away: phrases for each label with their weight, and phrases for each priority."""

from triage_ticket import Label, Priority

THING = r"(?:\w+[ -]){0,3}?"
"""Up to three words between a verb and what matters."""

CLUES: dict[Label, dict[str, int]] = {
    Label.FAULTY: {
        r"broken|smashed|cracks?\b|crushed|in pieces|torn|a hole in|scratch(?:es|ed)?": 4,
        r"came apart|seam of": 3,
        r"(?:won't|does not|doesn't|cannot|can't) (?:turn on|start|switch on|charge)": 4,
        r"stopped working|stays (?:dark|cold|off)|keeps switching off": 4,
        r"no (?:\w+ ){0,2}(?:cable|lid|plug|manual|screws?|handle) in\b": 5,
        r"(?:screws?|manual|cable|lid|parts?)\b.{0,20}\bmissing": 5,
        r"missing part|wrong item": 3,
        r"ordered an? .{3,30} but .{3,40} in (?:the box|it)": 5,
        r"smok(?:e|ing)|sparks?|burnt|fire\b|electric shock|a shock from": 4,
        r"leak(?:s|ing)|dripping": 4,
    },
    Label.CANCEL: {
        r"cancel(?:lation|led)?\b": 4,
        r"(?:stop|scrap) (?:my |the |this )?order": 5,
        r"do not send|don't send": 4,
        r"call (?:it )?off": 4,
        r"no longer (?:want|need(?:ed)?)": 3,
        r"out of your system|off the pre-?order": 4,
        r"(?:end|stop|quit(?:ting)?) (?:my |the )?" + THING + r"(?:box|plan|membership|subscription|trial)": 5,
        r"stop it": 2,
    },
    Label.RETURN: {
        r"(?:send|sent|give|take|hand)\b.{0,25}\bback\b": 3,
        r"\breturn(?:ing)?\b": 3,
        r"(?:swap|trade|exchanged?)\b": 4,
        r"refund|money back|pay me back|where is my money": 2,
        r"(?:do not|don't) want to keep": 4,
        r"too (?:small|big|large|tight)": 2,
    },
    Label.BILLING: {
        r"(?:charged|debited|billed)\b": 4,
        r"invoices?\b": 3,
        r"(?:proper|on the|correct) bill\b": 4,
        r"(?:payment|instal?lment) (?:of|was|failed)": 3,
        r"tried to pay|declined": 4,
        r"(?:credit|gift) card|voucher|chargeback|discount code": 4,
        r"the code \S+ was not": 3,
        r"receipt for|tax return|bank (?:account|statement)": 4,
        r"reminder with a fee|fraud": 3,
        r"paid\b": 1,
    },
    Label.ACCOUNT: {
        r"\baccounts?\b": 3,
        r"log(?:ged)? ?in(?:to)?\b|sign[ -]in": 3,
        r"passwords?\b|reset mail|locked out": 3,
        r"in my profile|order history": 5,
        r"newsletter|unsubscribe": 4,
        r"(?:delete|erase)\b.{0,25}\b(?:data|everything)": 4,
        r"change the e-?mail": 3,
    },
    Label.DELIVERY: {
        r"parcels?|packages?\b": 3,
        r"couriers?|postman|drivers?|the van\b|deliveryman": 3,
        r"deliver(?:y|ed)|shipped|dispatched|in transit|tracking|customs": 3,
        r"no sign of|nothing has come|anything yet|still waiting|when does": 2,
        r"to my new address|new address": 4,
        r"boxes arrived": 3,
        r"was due": 2,
    },
    Label.QUESTION: {
        r"before i buy|thinking of buying|i would buy|want to buy": 6,
        r"do you (?:deliver|offer|sell|have)": 5,
        r"back in stock|in stock\b": 5,
        r"true to size|same model|work with \d+ volts|made of|which material|which colours": 4,
        r"how (?:long|heavy|many|much|big)\b|what does .{3,30} (?:cost|weigh)": 3,
        r"is your (?:shop|store)|can i pay|get cheaper": 5,
        r"washing machine|can the \w+ go in": 3,
    },
    Label.FEEDBACK: {
        r"thank you|say thanks|well done|keep it up|compliments?|five stars": 6,
        r"\blove(?:ly)?\b|best one|wonderful|fits perfectly|friendly|nice visit": 4,
        r"\brude\b|unfriendly|too loud|too much plastic": 4,
        r"would be nice|why not sell|please think about|could be better|suggestion": 5,
        r"your (?:new )?(?:website|app)\b|the search in": 3,
        r"your (?:\w+ )?(?:shop|store|floor|shelf)\b|fell on|nearly fell": 2,
        r"survey": 4,
    },
}
"""Labels in the order in which they win a tie: broken goods are faulty goods, whatever else is asked."""

PRIORITIES: dict[Priority, tuple[str, ...]] = {
    Priority.URGENT: (
        r"\burgent(?:ly)?\b|\basap\b|as soon as possible|at once!",
        r"\btoday\b|\btomorrow\b|tonight",
        r"\b(?:second|third|fourth|2nd|3rd) (?:time|e-?mail|mail|request|reminder)\b",
        r"(?:written|wrote|asked|told) (?:you |to you )?(?:twice|two times|three times|several times|again)",
        r"lawyer|solicitor|court\b|chargeback|trading standards",
        r"fraud|hacked|stranger|someone is using|somebody (?:logged|used)|wasn't me",
        r"smok(?:e|ing)|sparks?|\bfire\b|burnt|\bshock\b|get hurt|danger(?:ous)?|injur(?:y|ed)",
    ),
    Priority.LOW: (
        r"no (?:rush|hurry)|not in a hurry|take your time",
        r"when(?:ever)? you have time|some ?time\b",
        r"can live with it|just letting you know",
    ),
}
"""Phrases that move a mail from its usual priority; the first priority that is found wins."""
