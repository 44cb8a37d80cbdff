//! Names of people from all over the world, some of them longer than a tile is wide.

const PEOPLE: [&str; 64] = [
    "Amara Okafor",
    "Jonas Lindqvist",
    "Mei-Ling Chen",
    "Zoë van den Heuvel",
    "Siobhán Ní Dhomhnaill",
    "Mateusz Wiśniewski",
    "Priya Raghunathan",
    "João Pedro Albuquerque de Vasconcelos",
    "Yuki Tanaka",
    "Fatima Zahra El Idrissi",
    "Björn Þorvaldsson",
    "Nguyễn Thị Minh Khai",
    "Olena Kovalenko",
    "Tariq Aziz",
    "Łucja Brzęczyszczykiewicz",
    "Sanjay Patel",
    "Ingrid Sørensen",
    "Kofi Mensah",
    "Aoife O’Sullivan",
    "Dmitri Volkov",
    "Leilani Kealoha",
    "Chidi Anagonye-Nwachukwu",
    "Anaïs Lefèvre",
    "Omar Haddad",
    "Hye-jin Park",
    "Thandiwe Mthembu",
    "Sergio Ramírez Ortega",
    "Ayşe Yıldız",
    "Rohan Gupta",
    "Eleni Papadopoulou",
    "Wolfeschlegelsteinhausen Bergerdorff",
    "Li Wei",
    "Nia Jones",
    "Arjun Venkataraghavan Subramaniam",
    "Ines Duarte",
    "Tomáš Dvořák",
    "Hana Suzuki",
    "Baraka Mwangi",
    "Giulia Esposito",
    "Ravshan Karimov",
    "Freya Andersen",
    "Dilnoza Yusupova",
    "Marisol Fernández-Villanueva",
    "Abdulrahman Al-Mutairi",
    "Tuomas Mäkelä",
    "Sofía Quispe",
    "Andrianampoinimerina Rakotomalala",
    "Noa Levi",
    "Emeka Eze",
    "Katarzyna Nowak",
    "Vivek Krishnan",
    "Rosalía Castillo",
    "Jin Woo",
    "Claire Dubois",
    "Ana Ilić",
    "Pita Taufatofua",
    "Zuzana Horváthová",
    "Isha Singh",
    "Magnus Eriksson",
    "Lerato Dlamini",
    "Hiroshi Yamamoto-Fitzgerald",
    "Beatriz Souza",
    "Ali Rezaei",
    "Maya Cohen",
];

/// The name of a bot. The first 64 are all different; later ones combine a given
/// name and a family name.
pub(crate) fn name(seed: u64, index: u32) -> String {
    let at = |number: u64| PEOPLE[usize::try_from(number % 64).unwrap_or(0)];
    let place = seed.wrapping_mul(13).wrapping_add(u64::from(index));
    let round = u64::from(index) / 64;
    if round == 0 {
        return at(place).to_owned();
    }
    let given = at(place).split(' ').next().unwrap_or_default();
    let family = at(place.wrapping_add(round)).split_once(' ');
    format!("{given} {}", family.map_or("Smith", |(_, family)| family))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_class_has_different_names_that_every_server_takes() {
        for seed in [0, 1, u64::MAX] {
            let names: HashSet<String> = (0..500).map(|index| name(seed, index)).collect();
            assert_eq!(names.len(), 500, "seed {seed}: no two are called the same");
            assert!(names.iter().all(|n| (1..=80).contains(&n.chars().count())));
        }
    }
}
