"""What cities are called in the languages of defenders, and which zone their clocks show.

The Unicode locale data (CLDR) names one city for each time zone, in many languages: القاهرة, Le Caire, El Cairo, Каир.
Big cities that have no zone of their own are here. A name that several cities have stands with the zones of all of
them, so that the person is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from babel import Locale

LANGUAGES = ("en", "es", "fr", "ar", "ru", "pt", "tr", "sw", "fa", "bn")
"""Those in which an alarm is recognised."""

BIG_CITIES: Mapping[str, tuple[str, ...]] = {
    # The Arab world
    "Africa/Cairo": (
        "Alexandria",
        "Alejandría",
        "Alexandrie",
        "الإسكندرية",
        "Giza",
        "الجيزة",
        "Aswan",
        "أسوان",
    ),
    "Asia/Beirut": (
        "Sidon",
        "Saida",
        "صيدا",
        "Zahle",
        "زحلة",
        "Baalbek",
        "بعلبك",
        "طرابلس",
        "Tripoli",
        "Trípoli",
    ),
    "Africa/Tripoli": ("Benghazi", "بنغازي", "Misrata", "مصراتة", "طرابلس", "Tripoli", "Trípoli"),
    "Asia/Damascus": (
        "Aleppo",
        "Alepo",
        "Alep",
        "حلب",
        "Homs",
        "حمص",
        "Hama",
        "حماة",
        "Idlib",
        "إدلب",
        "Latakia",
        "اللاذقية",
    ),
    "Asia/Baghdad": (
        "Mosul",
        "Mossoul",
        "الموصل",
        "Basra",
        "Bassora",
        "البصرة",
        "Erbil",
        "أربيل",
        "Kirkuk",
        "كركوك",
        "النجف",
    ),
    "Asia/Aden": ("Sanaa", "Saná", "صنعاء", "Taiz", "تعز", "Hodeidah", "الحديدة"),
    "Asia/Riyadh": (
        "Jeddah",
        "Yeda",
        "Djeddah",
        "جدة",
        "Mecca",
        "La Meca",
        "La Mecque",
        "مكة",
        "Medina",
        "المدينة المنورة",
    ),
    "Asia/Dubai": ("Abu Dhabi", "أبو ظبي", "أبوظبي", "Sharjah", "الشارقة"),
    "Asia/Hebron": ("Ramallah", "Ramala", "رام الله", "Nablus", "نابلس", "Jenin", "جنين"),
    "Asia/Jerusalem": ("Tel Aviv", "تل أبيب", "Haifa", "حيفا"),
    "Africa/Algiers": ("Oran", "Orán", "وهران", "Constantine", "قسنطينة"),
    "Africa/Casablanca": (
        "Rabat",
        "الرباط",
        "Fez",
        "Fès",
        "فاس",
        "Marrakesh",
        "Marrakech",
        "مراكش",
        "Tangier",
        "Tánger",
        "طنجة",
    ),
    "Africa/Tunis": ("Sfax", "صفاقس", "Sousse", "سوسة"),
    "Africa/Khartoum": ("Omdurman", "أم درمان", "Port Sudan", "بورتسودان", "Nyala", "نيالا"),
    # Africa south of the Sahara
    "Africa/Nairobi": ("Mombasa", "Kisumu", "Nakuru", "Eldoret", "Garissa"),
    "Africa/Lagos": ("Abuja", "Kano", "Ibadan", "Port Harcourt", "Kaduna", "Maiduguri"),
    "Africa/Lubumbashi": ("Goma", "Bukavu", "Kisangani", "Beni", "Bunia"),
    "Africa/Douala": ("Yaounde", "Yaoundé", "Bamenda", "Buea"),
    "Africa/Johannesburg": ("Pretoria", "Cape Town", "Ciudad del Cabo", "Le Cap", "Durban"),
    "Africa/Dar_es_Salaam": ("Dodoma", "Arusha", "Mwanza", "Zanzibar"),
    "Africa/Harare": ("Bulawayo",),
    "Africa/Kampala": ("Gulu", "Entebbe"),
    "Africa/Addis_Ababa": ("Mekelle", "Gondar", "Bahir Dar"),
    "Africa/Maputo": ("Beira", "Pemba", "Nampula"),
    # Latin America
    "America/Mexico_City": (
        *(
            "Guadalajara",
            "Puebla",
            "Oaxaca",
            "Veracruz",
            "Acapulco",
            "Morelia",
            "Toluca",
            "Mérida",
            "León",
            "CDMX",
        ),
        "México D.F.",
    ),
    "America/Bogota": (
        "Medellín",
        "Cali",
        "Barranquilla",
        "Cartagena",
        "Bucaramanga",
        "Cúcuta",
        "Buenaventura",
    ),
    "America/Guatemala": ("Ciudad de Guatemala", "Quetzaltenango"),
    "America/Tegucigalpa": ("San Pedro Sula", "La Ceiba"),
    "America/Managua": ("León", "Granada", "Bluefields"),
    "America/El_Salvador": ("San Salvador", "Santa Ana"),
    "America/Costa_Rica": ("San José",),
    "America/Los_Angeles": ("San José", "San Francisco", "Seattle", "San Diego"),
    "America/Caracas": ("Maracaibo", "Valencia", "Barquisimeto", "Mérida", "Barcelona"),
    "America/Guayaquil": ("Quito", "Cuenca"),
    "America/Lima": ("Cusco", "Cuzco", "Arequipa", "Trujillo", "Iquitos"),
    "America/La_Paz": ("Santa Cruz de la Sierra", "Cochabamba", "El Alto", "Sucre"),
    "America/Mazatlan": ("La Paz",),
    "America/Sao_Paulo": (
        "Rio de Janeiro",
        "Río de Janeiro",
        "Brasília",
        "Brasilia",
        "Belo Horizonte",
        "Porto Alegre",
    ),
    "America/Argentina/Buenos_Aires": ("Rosario", "La Plata"),
    "America/Argentina/Cordoba": ("Córdoba",),
    "America/Port-au-Prince": ("Puerto Príncipe", "Cap-Haïtien", "Pòtoprens"),
    "America/Santiago": ("Valparaíso", "Concepción"),
    # Europe
    "Europe/Moscow": (
        "Saint Petersburg",
        "San Petersburgo",
        "Saint-Pétersbourg",
        "Санкт-Петербург",
        "Grozny",
        "Грозный",
    ),
    "Europe/Istanbul": (
        "Ankara",
        "Анкара",
        "أنقرة",
        "Izmir",
        "İzmir",
        "Diyarbakır",
        "Gaziantep",
        "غازي عنتاب",
    ),
    "Europe/Madrid": (
        "Barcelona",
        "Valencia",
        "Córdoba",
        "Granada",
        "Cartagena",
        "Mérida",
        "León",
        "Guadalajara",
        "Trujillo",
    ),
    "Europe/Paris": ("Lyon", "Marseille", "Toulouse", "Lille", "Bordeaux", "Nantes", "Strasbourg"),
    "Europe/Berlin": ("Frankfurt", "Hamburg", "Hambourg", "Munich", "Múnich", "Köln", "Cologne"),
    "Europe/Zurich": ("Geneva", "Genève", "Ginebra", "جنيف", "Женева", "Bern"),
    "Europe/Rome": ("Milan", "Milán", "Milano", "Naples", "Napoli"),
    "Europe/Kyiv": (
        "Kharkiv",
        "Харьков",
        "Харків",
        "Lviv",
        "Львов",
        "Львів",
        "Odesa",
        "Odessa",
        "Одесса",
        "Одеса",
    ),
    # Asia
    "Asia/Kolkata": (
        "Mumbai",
        "Bombay",
        "Delhi",
        "New Delhi",
        "Chennai",
        "Bengaluru",
        "Bangalore",
        "Hyderabad",
        "Srinagar",
    ),
    "Asia/Karachi": ("Lahore", "Islamabad", "Peshawar", "Quetta", "Hyderabad", "Rawalpindi"),
    "Asia/Tehran": (
        "Isfahan",
        "اصفهان",
        "Mashhad",
        "مشهد",
        "Shiraz",
        "شیراز",
        "Tabriz",
        "تبریز",
        "Sanandaj",
        "سنندج",
    ),
    "Asia/Kabul": ("Kandahar", "قندهار", "Herat", "هرات", "Mazar-i-Sharif", "مزار شریف"),
    "Asia/Dhaka": ("Chittagong", "Chattogram", "চট্টগ্রাম", "Cox's Bazar", "কক্সবাজার", "Sylhet", "সিলেট"),
    "Asia/Shanghai": ("Beijing", "Pekín", "Pékin", "Пекин", "بكين", "Guangzhou", "Shenzhen"),
    "Asia/Ho_Chi_Minh": ("Hanoi", "Hà Nội", "Saigon"),
    "Asia/Yangon": ("Mandalay", "Naypyidaw"),
    "Asia/Manila": ("Quezon City", "Cebu", "Davao"),
    "Asia/Almaty": ("Astana", "Астана"),
}
"""Zone -> cities that keep its clock and that no zone is named after, or that share their name with another city."""

COUNTRIES_OF_SEVERAL_ZONES: Mapping[str, tuple[str, ...]] = {
    "Mexico": ("America/Mexico_City", "America/Tijuana", "America/Hermosillo", "America/Cancun"),
}
"""Names that a city has in one language and, in another, a country with several clocks."""


def city_names() -> Iterator[tuple[str, str]]:
    """(name, IANA zone) of every city that is known in any language; the zones as CLDR and this file write them."""
    for language in LANGUAGES:
        for zone, names in Locale.parse(language).time_zones.items():
            if "city" in names:
                yield names["city"], zone
    for zone, cities in BIG_CITIES.items():
        for city in cities:
            yield city, zone
    for name, zones in COUNTRIES_OF_SEVERAL_ZONES.items():
        for zone in zones:
            yield name, zone
